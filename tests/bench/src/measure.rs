//! Measurement of one function over many cold starts and invocations.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hyper::body::Bytes;
use lambdakit::testing::RuntimeApi;
use serde::Serialize;

use crate::answer::{Expected, response_bytes};
use crate::child::Function;
use crate::stand_in::StandIn;

/// The number of repetitions.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Plan {
    /// Cold starts; the result is their median.
    pub cold: usize,
    /// Invocations after the last cold start and its warm-up.
    pub warm: usize,
}

/// The cost of a function.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// From process start until the first request for work, in microseconds: medians of the cold
    /// starts.
    pub init_wall: f64,
    pub init_cpu: f64,
    /// The first invocation, in microseconds.
    pub first_wall: f64,
    pub first_cpu: f64,
    /// The warm invocations, in microseconds.
    pub warm_wall_p50: f64,
    pub warm_wall_p90: f64,
    pub warm_wall_p99: f64,
    /// The median of the rounds' means, in microseconds.
    pub warm_cpu: f64,
    /// Peak resident memory at the end, in bytes.
    pub peak_memory: u64,
    pub binary_size: u64,
    pub zip_size: u64,
    /// Per invocation.
    pub bytes_logged: f64,
    /// Headers and body of a response, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_answered: Option<u64>,
    pub calls: BTreeMap<String, f64>,
    /// Connections opened during one cold start and all warm invocations.
    pub connections: u64,
    /// Each cold start: init wall and CPU, first wall and CPU, in microseconds.
    pub cold_starts: Vec<[f64; 4]>,
}

/// The cost of warm invocations.
pub struct Warm {
    /// Wall time of each invocation, in microseconds.
    pub walls: Vec<f64>,
    /// Mean CPU time, in microseconds.
    pub cpu: f64,
    /// Per invocation.
    pub bytes_logged: f64,
    pub calls: BTreeMap<String, f64>,
    /// Bytes of the last response.
    pub bytes_answered: Option<u64>,
}

/// A function that can be started.
pub struct Subject<'a> {
    pub bootstrap: &'a Path,
    pub environment: Vec<(String, String)>,
    /// The timeout, as Lambda sets it.
    pub timeout: Duration,
}

/// The event of an invocation, and the stand-in for the calls that it makes.
pub struct Work<'a> {
    pub event: &'a Bytes,
    pub expected: Expected,
    pub stand_in: &'a StandIn,
}

/// Invocations before the measured ones, to warm up caches, branch predictors and allocators.
const WARM_UP: usize = 100;
/// Warm invocations in a row, before the next function takes its turn.
const ROUND: usize = 100;

/// Measures functions in turns on the same work, so that other load on the machine affects all of
/// them.
pub async fn measure(subjects: &[Subject<'_>], work: &Work<'_>, plan: Plan) -> Result<Vec<Measured>> {
    let mut cold_starts = vec![Vec::new(); subjects.len()];
    for _ in 1..plan.cold {
        for (subject, cold_starts) in subjects.iter().zip(&mut cold_starts) {
            let (life, cold) = cold_start(subject, work).await?;
            life.end().await?;
            cold_starts.push(cold);
        }
    }
    let mut lives = Vec::new();
    for (subject, mut cold_starts) in subjects.iter().zip(cold_starts) {
        let before = work.stand_in.connections();
        let (mut life, cold) = cold_start(subject, work).await?;
        cold_starts.push(cold);
        life.warm_up(work).await?;
        lives.push((subject, life, cold_starts, work.stand_in.connections() - before, Vec::new()));
    }
    for begun in (0..plan.warm).step_by(ROUND) {
        for (_, life, _, connections, rounds) in &mut lives {
            let before = work.stand_in.connections();
            rounds.push(life.warm(work, ROUND.min(plan.warm - begun)).await?);
            *connections += work.stand_in.connections() - before;
        }
    }
    let mut measured = Vec::new();
    for (subject, life, cold_starts, connections, rounds) in lives {
        measured.push(Measured::of(subject, &life, cold_starts, connections, rounds)?);
        life.end().await?;
    }
    Ok(measured)
}

impl Measured {
    fn of(
        subject: &Subject<'_>,
        life: &Life,
        cold_starts: Vec<[f64; 4]>,
        connections: u64,
        mut rounds: Vec<Warm>,
    ) -> Result<Self> {
        let of_cold = |index: usize| median(cold_starts.iter().map(|cold| cold[index]).collect());
        let mut walls: Vec<_> = rounds.iter().flat_map(|round| round.walls.iter().copied()).collect();
        walls.sort_by(f64::total_cmp);
        let warm_cpu = median(rounds.iter().map(|round| round.cpu).collect());
        let warm = rounds.pop().context("nothing was measured")?;
        Ok(Self {
            init_wall: of_cold(0),
            init_cpu: of_cold(1),
            first_wall: of_cold(2),
            first_cpu: of_cold(3),
            warm_wall_p50: percentile(&walls, 50),
            warm_wall_p90: percentile(&walls, 90),
            warm_wall_p99: percentile(&walls, 99),
            warm_cpu,
            peak_memory: life.function.peak_memory(),
            binary_size: size(subject.bootstrap)?,
            zip_size: zip_size(subject.bootstrap)?,
            bytes_logged: warm.bytes_logged,
            bytes_answered: warm.bytes_answered,
            calls: warm.calls,
            connections,
            cold_starts,
        })
    }
}

/// Starts a function and invokes it once.
async fn cold_start(subject: &Subject<'_>, work: &Work<'_>) -> Result<(Life, [f64; 4])> {
    let (mut life, ready) = Life::begin(subject).await?;
    let init_cpu = life.function.cpu();
    let (first_wall, _) = life.invoke(work.event, work.expected).await?;
    let first_cpu = life.function.cpu().saturating_sub(init_cpu);
    Ok((life, [micros(ready), micros(init_cpu), micros(first_wall), micros(first_cpu)]))
}

/// A running function, from its start.
pub struct Life {
    api: RuntimeApi,
    function: Function,
    timeout: Duration,
}

impl Life {
    /// Starts a function and returns the time until it is ready.
    pub async fn begin(subject: &Subject<'_>) -> Result<(Self, Duration)> {
        let mut api = RuntimeApi::start().await.context("no port to listen at")?;
        let mut environment = subject.environment.clone();
        environment.push(("AWS_LAMBDA_RUNTIME_API".to_owned(), api.address().to_owned()));
        let started = Instant::now();
        let function = Function::spawn(subject.bootstrap, &environment)?;
        let ready = api.ready(subject.timeout).await?;
        Ok((Self { api, function, timeout: subject.timeout }, ready - started))
    }

    /// Runs one invocation, until the function requests the next.
    pub async fn invoke(&mut self, event: &Bytes, expected: Expected) -> Result<(Duration, Bytes)> {
        let invoked = Instant::now();
        let (answered, answer) = self.api.invoke(event.clone(), self.timeout).await?;
        expected.check(&answer)?;
        self.api.ready(self.timeout).await?;
        Ok((answered - invoked, answer))
    }

    /// Runs invocations that are not measured.
    pub async fn warm_up(&mut self, work: &Work<'_>) -> Result<()> {
        for _ in 0..WARM_UP {
            self.invoke(work.event, work.expected).await?;
        }
        Ok(())
    }

    /// Runs this many measured invocations.
    pub async fn warm(&mut self, work: &Work<'_>, times: usize) -> Result<Warm> {
        work.stand_in.take_calls();
        let (cpu, logged) = (self.function.cpu(), self.function.logged());
        let (mut walls, mut last) = (Vec::with_capacity(times), Bytes::new());
        for _ in 0..times {
            let (wall, answer) = self.invoke(work.event, work.expected).await?;
            walls.push(micros(wall));
            last = answer;
        }
        let cpu = self.function.cpu().saturating_sub(cpu);
        let logged = self.function.logged() - logged;
        let calls = work.stand_in.take_calls().into_iter();
        let times = times as f64;
        Ok(Warm {
            walls,
            cpu: micros(cpu) / times,
            bytes_logged: logged as f64 / times,
            calls: calls.map(|(call, count)| (call, count as f64 / times)).collect(),
            bytes_answered: response_bytes(&last),
        })
    }

    pub async fn end(self) -> Result<()> {
        self.function.end().await
    }
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    percentile(&values, 50)
}

fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted
        .get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}

fn size(file: &Path) -> Result<u64> {
    Ok(std::fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?.len())
}

/// The compressed size of the file in a Lambda zip.
fn zip_size(file: &Path) -> Result<u64> {
    let content = std::fs::read(file)?;
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(9));
    std::io::Write::write_all(&mut encoder, &content)?;
    Ok(encoder.finish()?.len() as u64)
}
