//! One function, started again and again, and invoked many times.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use hyper::body::Bytes;
use serde::Serialize;

use crate::child::Function;
use crate::runtime_api::RuntimeApi;
use crate::stand_in::StandIn;

/// How often.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Plan {
    /// Cold starts, of which the median counts.
    pub cold: usize,
    /// Invocations of the last of them, after some that warm it up.
    pub warm: usize,
}

/// What a function costs.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// From its start until it asks for work, in microseconds: medians over the cold starts.
    pub init_wall: f64,
    pub init_cpu: f64,
    /// The first invocation.
    pub first_wall: f64,
    pub first_cpu: f64,
    /// The others.
    pub warm_wall_p50: f64,
    pub warm_wall_p90: f64,
    pub warm_wall_p99: f64,
    /// The mean: the kernel's clock is exact, and all of it is paid for.
    pub warm_cpu: f64,
    /// Bytes: the most memory that was ever resident, at the end.
    pub peak_memory: u64,
    pub binary_size: u64,
    pub zip_size: u64,
    /// Per invocation.
    pub bytes_logged: f64,
    pub calls: BTreeMap<String, f64>,
    /// In a life of one cold start and all warm invocations.
    pub connections: u64,
    /// Each cold start: init wall and CPU, first wall and CPU, in microseconds.
    pub cold_starts: Vec<[f64; 4]>,
}

/// Something that can be started and invoked.
pub struct Subject<'a> {
    pub bootstrap: &'a Path,
    pub environment: Vec<(String, String)>,
    pub event: &'a Bytes,
    pub stand_in: &'a StandIn,
    pub check: &'a (dyn Fn(&[u8]) -> Result<()> + Sync),
}

/// Invocations before the warm ones: caches, branch predictors and allocators find their ways.
const WARM_UP: usize = 100;

pub async fn measure(subject: &Subject<'_>, plan: Plan) -> Result<Measured> {
    let mut cold_starts = Vec::new();
    for _ in 1..plan.cold {
        let (life, cold) = Life::begin(subject).await?;
        life.function.end().await?;
        cold_starts.push(cold);
    }
    subject.stand_in.take_seen();
    let (mut life, cold) = Life::begin(subject).await?;
    cold_starts.push(cold);
    let mut connections = subject.stand_in.take_seen().connections;
    for _ in 0..WARM_UP {
        life.invoke(subject).await?;
    }
    connections += subject.stand_in.take_seen().connections;
    let (cpu, logged) = (life.function.cpu(), life.function.logged());
    let mut walls = Vec::with_capacity(plan.warm);
    for _ in 0..plan.warm {
        walls.push(micros(life.invoke(subject).await?));
    }
    let cpu = life.function.cpu().saturating_sub(cpu);
    let logged = life.function.logged() - logged;
    let seen = subject.stand_in.take_seen();
    let times = plan.warm as f64;
    walls.sort_by(f64::total_cmp);
    let of_cold = |index: usize| median(cold_starts.iter().map(|cold| cold[index]).collect());
    let measured = Measured {
        init_wall: of_cold(0),
        init_cpu: of_cold(1),
        first_wall: of_cold(2),
        first_cpu: of_cold(3),
        warm_wall_p50: percentile(&walls, 50),
        warm_wall_p90: percentile(&walls, 90),
        warm_wall_p99: percentile(&walls, 99),
        warm_cpu: micros(cpu) / times,
        peak_memory: life.function.peak_memory(),
        binary_size: size(subject.bootstrap)?,
        zip_size: zip_size(subject.bootstrap)?,
        bytes_logged: logged as f64 / times,
        calls: seen.calls.into_iter().map(|(call, count)| (call, count as f64 / times)).collect(),
        connections: connections + seen.connections,
        cold_starts,
    };
    life.function.end().await?;
    Ok(measured)
}

/// A function from its start on.
struct Life {
    api: RuntimeApi,
    function: Function,
}

impl Life {
    /// Starts a function and has it do its work once.
    async fn begin(subject: &Subject<'_>) -> Result<(Self, [f64; 4])> {
        let mut api = RuntimeApi::start().await?;
        let mut environment = subject.environment.clone();
        environment.push(("AWS_LAMBDA_RUNTIME_API".to_owned(), api.address()));
        let started = std::time::Instant::now();
        let function = Function::spawn(subject.bootstrap, &environment)?;
        let ready = api.ready().await?;
        let init_cpu = function.cpu();
        let mut life = Self { api, function };
        let first_wall = life.invoke(subject).await?;
        let first_cpu = life.function.cpu().saturating_sub(init_cpu);
        let cold = [micros(ready - started), micros(init_cpu), micros(first_wall), micros(first_cpu)];
        Ok((life, cold))
    }

    /// One invocation, until the function asks for the next.
    async fn invoke(&mut self, subject: &Subject<'_>) -> Result<Duration> {
        let (wall, answer) = self.api.invoke(subject.event).await?;
        (subject.check)(&answer)?;
        self.api.ready().await?;
        Ok(wall)
    }
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn median(mut values: Vec<f64>) -> f64 {
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

/// What the file would take in a Lambda zip.
fn zip_size(file: &Path) -> Result<u64> {
    let content = std::fs::read(file)?;
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(9));
    std::io::Write::write_all(&mut encoder, &content)?;
    Ok(encoder.finish()?.len() as u64)
}
