//! `cargo xtask replay`: publishes recent events again, from the archive of a stage's bus.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Error, Result, bail};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use clap::Parser;
use serde_json::{Value, json};
use xtask_common::interrupt;
use xtask_common::paths::Paths;
use xtask_common::shop::aws::{Aws, Refusal, Service};
use xtask_common::shop::outputs::resource_name;
use xtask_common::shop::stage::stack_name;

use crate::logs;
use crate::target::Shop;
use crate::target::ShopArgs;

const PAUSE: Duration = Duration::from_secs(1);
/// Delay until an event on the bus is in its archive on AWS, at most.
const ARCHIVE_LAG: Duration = Duration::from_mins(10);

#[derive(Parser)]
pub struct Args {
    /// Start: a time such as 2026-01-31T12:00:00Z, or how long ago, e.g. 30m, 2h, 1d
    #[arg(long)]
    since: Since,
    /// Services that receive the events; all by default
    #[arg(long = "service", value_name = "NAMES", value_delimiter = ',')]
    services: Vec<String>,
    #[command(flatten)]
    shop: ShopArgs,
}

pub fn run(paths: &Paths, args: &Args) -> Result<()> {
    let shop = Shop::find(paths, &args.shop)?;
    let archive = Archive::of(&shop)?;
    let now = SystemTime::now();
    let from = args.since.before(now)?;
    let rules = rules(&shop, &args.services)?;
    println!("{}", archive.described(&shop.aws)?);
    let receivers = if rules.is_empty() {
        "Every consumer receives".to_owned()
    } else {
        format!("{} receive", args.services.join(" and "))
    };
    println!(
        "{receivers} these events again; those that a consumer knows change nothing (docs/dead-letters.md, Replay)."
    );
    if shop.outputs.endpoint.is_none() {
        let minutes = ARCHIVE_LAG.as_secs() / 60;
        println!(
            "AWS may still be archiving what was published in the last {minutes} minutes: replay once more for those."
        );
    }
    let replay = Replay::start(&shop.aws, &archive, &rules, from, now)?;
    replay.wait()?;
    println!("Published again what was published since {}.", shown(from)?);
    Ok(())
}

/// The rules that deliver events to services, none for all rules of the bus.
fn rules(shop: &Shop, services: &[String]) -> Result<BTreeSet<String>> {
    let stage = &shop.outputs.stage;
    let mut rules = BTreeSet::new();
    for service in services {
        let outputs = shop.aws.stack_outputs(&stack_name(stage, service))?;
        let outputs = outputs.with_context(|| format!("stage {stage} has no service {service}"))?;
        rules.extend(rules_of(service, outputs)?);
    }
    Ok(rules)
}

/// The rules among the outputs of a service's stack.
fn rules_of(service: &str, outputs: BTreeMap<String, String>) -> Result<Vec<String>> {
    let rules: Vec<_> =
        outputs.into_iter().filter(|(output, _)| resource_name(output, "Rule").is_some()).collect();
    if rules.is_empty() {
        bail!("{service} receives no events that are archived");
    }
    Ok(rules.into_iter().map(|(_, arn)| arn).collect())
}

/// A point in time, or a duration before now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Since {
    At(SystemTime),
    Ago(Duration),
}

impl FromStr for Since {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if let Ok(span) = logs::parse_duration(text) {
            return Ok(Self::Ago(span));
        }
        let time = DateTime::from_str(text, Format::DateTimeWithOffset).ok();
        let time = time.and_then(|time| SystemTime::try_from(time).ok());
        time.map(Self::At).with_context(|| {
            format!("`{text}` is neither a time such as 2026-01-31T12:00:00Z nor a span such as 2h")
        })
    }
}

impl Since {
    fn before(self, now: SystemTime) -> Result<SystemTime> {
        let from = match self {
            Self::At(time) => time,
            Self::Ago(span) => now.checked_sub(span).context("that is too long ago")?,
        };
        if from >= now {
            bail!("{} is not over yet: nothing was published since", shown(from)?);
        }
        Ok(from)
    }
}

/// The archive of a stage's events, and the bus that they were published to.
struct Archive<'a> {
    arn: &'a str,
    bus: &'a str,
}

impl<'a> Archive<'a> {
    fn of(shop: &'a Shop) -> Result<Self> {
        let output =
            |name: &str| {
                shop.outputs.others.get(name).map(String::as_str).with_context(|| {
                    format!("stage {} keeps no events yet; deploy it again", shop.outputs.stage)
                })
            };
        Ok(Self { arn: output("archiveArn")?, bus: output("eventBusArn")? })
    }

    fn name(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or(self.arn)
    }

    /// The bus, or only these of its rules.
    fn destination(&self, rules: &BTreeSet<String>) -> Value {
        if rules.is_empty() {
            json!({ "Arn": self.bus })
        } else {
            json!({ "Arn": self.bus, "FilterArns": rules })
        }
    }

    /// The number of archived events. AWS counts them now and then, and never counts those of a
    /// replay.
    fn described(&self, aws: &Aws) -> Result<String> {
        let archive =
            aws.call(Service::EventBridge, "DescribeArchive", &json!({ "ArchiveName": self.name() }));
        let archive =
            archive.map_err(|error| explained(error, "the archive is gone; deploy the shop again"))?;
        let (count, days) = (&archive["EventCount"], &archive["RetentionDays"]);
        Ok(format!("The archive has {count} events of the last {days} days, at its last count."))
    }
}

/// A started replay.
struct Replay<'a> {
    aws: &'a Aws,
    name: String,
}

impl<'a> Replay<'a> {
    fn start(
        aws: &'a Aws,
        archive: &Archive,
        rules: &BTreeSet<String>,
        from: SystemTime,
        to: SystemTime,
    ) -> Result<Self> {
        let name = format!("replay-{}", seconds(to)?);
        let input = json!({
            "ReplayName": name,
            "EventSourceArn": archive.arn,
            "EventStartTime": seconds(from)?,
            "EventEndTime": seconds(to)?,
            "Destination": archive.destination(rules),
        });
        let started = aws.call(Service::EventBridge, "StartReplay", &input);
        started.map_err(|error| explained(error, "one was started this very second; try again"))?;
        Ok(Self { aws, name })
    }

    /// Waits for the replay to end; Ctrl-C stops it.
    fn wait(&self) -> Result<()> {
        let mut reported = String::new();
        loop {
            let replay = self.describe()?;
            match Progress::of(&replay)? {
                Progress::Done => return Ok(()),
                Progress::At(time) if time != reported => {
                    println!("  at {time}");
                    reported = time;
                }
                Progress::At(_) | Progress::Starting => {}
            }
            if let Err(interrupted) = interrupt::sleep(PAUSE) {
                self.aws.call(Service::EventBridge, "CancelReplay", &json!({ "ReplayName": self.name }))?;
                println!("The replay was stopped; what it has published stays published.");
                return Err(interrupted);
            }
        }
    }

    fn describe(&self) -> Result<Value> {
        self.aws.call(Service::EventBridge, "DescribeReplay", &json!({ "ReplayName": self.name }))
    }
}

/// Progress of a replay.
#[derive(Debug, PartialEq, Eq)]
enum Progress {
    Starting,
    /// Events up to this time were published.
    At(String),
    Done,
}

impl Progress {
    fn of(replay: &Value) -> Result<Self> {
        match replay["State"].as_str().unwrap_or_default() {
            "COMPLETED" => Ok(Self::Done),
            "STARTING" | "RUNNING" => match replay["EventLastReplayedTime"].as_f64() {
                Some(time) => Ok(Self::At(DateTime::from_secs_f64(time.floor()).fmt(Format::DateTime)?)),
                None => Ok(Self::Starting),
            },
            state => {
                let reason = replay["StateReason"].as_str().unwrap_or("AWS does not say why");
                bail!("the replay is {state}: {reason}; the same command starts a new one")
            }
        }
    }
}

/// Adds advice to the errors that have a remedy.
fn explained(error: Error, exists: &'static str) -> Error {
    let kind = error.downcast_ref::<Refusal>().map(|refusal| refusal.kind.clone()).unwrap_or_default();
    match kind.as_str() {
        "ResourceNotFoundException" | "ResourceAlreadyExistsException" => error.context(exists),
        "LimitExceededException" => error.context("ten replays are running; wait for one of them"),
        "AccessDeniedException" => error.context(
            "replaying takes events:DescribeArchive, events:StartReplay, events:DescribeReplay and events:CancelReplay",
        ),
        _ => error,
    }
}

fn seconds(time: SystemTime) -> Result<u64> {
    Ok(time.duration_since(SystemTime::UNIX_EPOCH).context("that is before 1970")?.as_secs())
}

fn shown(time: SystemTime) -> Result<String> {
    Ok(DateTime::from_secs(i64::try_from(seconds(time)?)?).fmt(Format::DateTime)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_replay_for_a_service_is_limited_to_its_rules() {
        let outputs = [
            ("RuleNotificationCheckouts", "checkouts"),
            ("RuleNotificationSubscription", "topic"),
            ("TableMail", "mail"),
        ];
        let outputs = outputs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let rules: BTreeSet<String> =
            rules_of("notification", BTreeMap::from(outputs)).unwrap().into_iter().collect();
        let archive = Archive { arn: "archive", bus: "bus" };
        let limited = json!({ "Arn": "bus", "FilterArns": ["checkouts", "topic"] });
        assert_eq!(archive.destination(&rules), limited);
        assert_eq!(archive.destination(&BTreeSet::new()), json!({ "Arn": "bus" }));
        let error = rules_of("payment", BTreeMap::new()).unwrap_err().to_string();
        assert_eq!(error, "payment receives no events that are archived");
    }

    #[test]
    fn since_is_a_moment_or_a_span() {
        let now = at(1_769_860_800);
        let from = |text: &str| text.parse::<Since>().unwrap().before(now).unwrap();
        assert_eq!(from("30m"), at(1_769_860_800 - 1_800));
        assert_eq!(from("2026-01-31T11:00:00Z"), at(1_769_860_800 - 3_600));
        assert_eq!(from("2026-01-31T12:00:00+01:00"), at(1_769_860_800 - 3_600));
    }

    #[test]
    fn replays_from_the_future_are_refused() {
        let now = at(1_769_860_800);
        for text in ["0s", "2026-01-31T12:00:00Z", "2027-01-01T00:00:00Z"] {
            let error = text.parse::<Since>().unwrap().before(now).unwrap_err().to_string();
            assert!(error.ends_with("is not over yet: nothing was published since"), "{error}");
        }
    }

    #[test]
    fn replay_times_of_neither_form_are_refused_with_examples() {
        for text in ["yesterday", "2026-01-31", "2", ""] {
            let error = text.parse::<Since>().unwrap_err().to_string();
            assert!(error.contains("2026-01-31T12:00:00Z") && error.contains("2h"), "{error}");
        }
    }

    #[test]
    fn progress_is_how_far_it_is_until_it_is_done() {
        let progress = |replay: Value| Progress::of(&replay).unwrap();
        assert_eq!(progress(json!({ "State": "STARTING" })), Progress::Starting);
        let running = json!({ "State": "RUNNING", "EventLastReplayedTime": 1_769_860_800.5 });
        assert_eq!(progress(running), Progress::At("2026-01-31T12:00:00Z".to_owned()));
        let done = json!({ "State": "COMPLETED", "EventLastReplayedTime": 1_769_860_800 });
        assert_eq!(progress(done), Progress::Done);
    }

    #[test]
    fn a_replay_that_failed_says_why() {
        let error = |replay: Value| Progress::of(&replay).unwrap_err().to_string();
        let failed = error(json!({ "State": "FAILED", "StateReason": "the bus is gone" }));
        assert_eq!(failed, "the replay is FAILED: the bus is gone; the same command starts a new one");
        assert!(error(json!({ "State": "CANCELLED" })).contains("AWS does not say why"));
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let refusal = |kind: &str| {
            let refusal = Refusal { status: 400, kind: kind.to_owned(), message: "no".to_owned() };
            format!("{:#}", explained(Error::from(refusal).context("StartReplay failed"), "try again"))
        };
        assert_eq!(
            refusal("ResourceAlreadyExistsException"),
            "try again: StartReplay failed: answered 400: no"
        );
        assert!(refusal("LimitExceededException").starts_with("ten replays are running"));
        assert_eq!(refusal("InternalException"), "StartReplay failed: answered 400: no");
    }
}
