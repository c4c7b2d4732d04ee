use std::collections::BTreeMap;
use std::time::Duration;

use hyper::StatusCode;
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::call::Call;
use crate::SeededRng;

/// A fault of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection closes before the call is made.
    Refuse,
    /// The call takes effect, and its response is lost.
    LoseAnswer,
    /// The call takes effect, and its response is lost after other calls have been made
    /// ([`FaultProxy::meanwhile`]).
    ///
    /// [`FaultProxy::meanwhile`]: super::FaultProxy::meanwhile
    HoldAnswer,
    /// The call is made after a delay, during which its client may have timed out.
    Delay(Duration),
    /// The call is answered, and repeated after a delay, like a message that is delivered twice.
    Repeat(Duration),
    /// The service throttles the call.
    Throttle,
    /// The call exceeds the table's capacity.
    CapacityExceeded,
    /// Another transaction holds the item.
    Conflict,
    /// Another transaction holds the first item, and its writes to the others are visible already.
    HalfSeen,
    /// The service rejects the call with HTTP status 400, this error code and this message.
    Reject(&'static str, &'static str),
    /// The service fails with HTTP status 500.
    ServerError,
    /// Some entries of a `PutEvents` call, or keys of a `BatchGetItem` call, are not processed.
    /// Calls that can only fail as a whole are passed on.
    Partial,
}

/// A rule: which calls meet a fault, and how often.
#[derive(Clone, Debug)]
pub struct Rule {
    fault: Fault,
    operation: Option<String>,
    resource: Option<String>,
    skip: u64,
    times: u64,
    chance: f64,
}

impl Rule {
    /// Every call meets this fault, until the rule is restricted.
    #[must_use]
    pub fn new(fault: Fault) -> Self {
        Self { fault, operation: None, resource: None, skip: 0, times: u64::MAX, chance: 1.0 }
    }

    /// Only calls of this operation.
    #[must_use]
    pub fn on(self, operation: &str) -> Self {
        Self { operation: Some(operation.to_owned()), ..self }
    }

    /// Only calls that name a resource with this text in its name.
    #[must_use]
    pub fn of(self, resource: &str) -> Self {
        Self { resource: Some(resource.to_owned()), ..self }
    }

    /// Skips the first `calls` of these calls.
    #[must_use]
    pub fn after(self, calls: u64) -> Self {
        Self { skip: calls, ..self }
    }

    /// At most this many of these calls.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self { times, ..self }
    }

    /// Each of these calls with this probability, from 0 to 1.
    #[must_use]
    pub fn with_chance(self, chance: f64) -> Self {
        Self { chance, ..self }
    }

    fn matches(&self, call: &Call) -> bool {
        self.operation.as_ref().is_none_or(|operation| *operation == call.operation)
            && self
                .resource
                .as_ref()
                .is_none_or(|resource| call.resources.iter().any(|name| name.contains(resource)))
    }
}

/// The treatment of a call.
pub(super) enum Verdict {
    Pass,
    Refuse,
    LoseAnswer,
    HoldAnswer,
    Delay(Duration),
    Repeat(Duration),
    Answer(StatusCode, Bytes),
    Split(Split),
}

/// A call that is processed in part: the part that is passed on, and the report of the rest in the
/// response.
pub(super) struct Split {
    pub(super) forwarded: Bytes,
    pub(super) merge: Merge,
}

/// How the response reports what was not processed.
pub(super) enum Merge {
    /// The indexes of the refused `PutEvents` entries.
    RefusedEntries(Vec<usize>),
    /// These keys of `BatchGetItem` were left unprocessed.
    UnprocessedKeys(Value),
}

/// The rules, their random numbers, and the faults so far.
#[derive(Debug)]
pub(super) struct Rules {
    list: Vec<Rule>,
    rng: SeededRng,
    injected: BTreeMap<String, u64>,
    calls: BTreeMap<String, u64>,
}

impl Rules {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            list: Vec::new(),
            rng: SeededRng::new(seed),
            injected: BTreeMap::new(),
            calls: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, rule: Rule) {
        self.list.push(rule);
    }

    pub(super) fn clear(&mut self) {
        self.list.clear();
    }

    pub(super) fn injected(&self) -> BTreeMap<String, u64> {
        self.injected.clone()
    }

    pub(super) fn calls(&self, operation: &str) -> u64 {
        self.calls.get(operation).copied().unwrap_or_default()
    }

    /// The first matching rule decides.
    pub(super) fn judge(&mut self, call: &Call) -> Verdict {
        *self.calls.entry(call.operation.clone()).or_default() += 1;
        let Self { list, rng, injected, .. } = self;
        let Some(fault) = list.iter_mut().find_map(|rule| applies(rule, call, rng)) else {
            return Verdict::Pass;
        };
        let Some(verdict) = verdict(fault, call, rng) else { return Verdict::Pass };
        let kind = format!("{fault:?}");
        let kind = kind.split('(').next().unwrap_or_default();
        *injected.entry(format!("{kind} {}", call.operation)).or_default() += 1;
        verdict
    }
}

fn applies(rule: &mut Rule, call: &Call, rng: &mut SeededRng) -> Option<Fault> {
    if !rule.matches(call) || rule.times == 0 {
        return None;
    }
    if rule.skip > 0 {
        rule.skip -= 1;
        return None;
    }
    if rule.chance < 1.0 && rng.throw() >= rule.chance {
        return None;
    }
    rule.times -= 1;
    Some(rule.fault)
}

fn verdict(fault: Fault, call: &Call, rng: &mut SeededRng) -> Option<Verdict> {
    Some(match fault {
        Fault::Refuse => Verdict::Refuse,
        Fault::LoseAnswer => Verdict::LoseAnswer,
        Fault::HoldAnswer => Verdict::HoldAnswer,
        Fault::Delay(pause) => Verdict::Delay(pause),
        Fault::Repeat(pause) => Verdict::Repeat(pause),
        Fault::Throttle => error(StatusCode::BAD_REQUEST, "ThrottlingException", &json!({})),
        Fault::CapacityExceeded => {
            error(StatusCode::BAD_REQUEST, "ProvisionedThroughputExceededException", &json!({}))
        }
        Fault::Conflict => conflict(call, "None"),
        Fault::HalfSeen => conflict(call, "ConditionalCheckFailed"),
        Fault::Reject(code, message) => reject(code, message),
        Fault::ServerError => error(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", &json!({})),
        Fault::Partial => match call.operation.as_str() {
            "PutEvents" => refuse_entries(call, rng)?,
            "BatchGetItem" => leave_keys(call, rng)?,
            _ => return None,
        },
    })
}

fn error(status: StatusCode, code: &str, members: &Value) -> Verdict {
    let mut body = members.clone();
    body["__type"] = json!(code);
    body["message"] = json!("injected");
    Verdict::Answer(status, body.to_string().into())
}

fn reject(code: &str, message: &str) -> Verdict {
    Verdict::Answer(StatusCode::BAD_REQUEST, json!({ "__type": code, "message": message }).to_string().into())
}

/// A transaction is cancelled with a reason for each of its parts; other writes are rejected.
fn conflict(call: &Call, of_others: &str) -> Verdict {
    let Some(parts) = call.body["TransactItems"].as_array() else {
        return error(StatusCode::BAD_REQUEST, "TransactionConflictException", &json!({}));
    };
    let mut reasons = vec![json!({ "Code": of_others }); parts.len()];
    if let Some(first) = reasons.first_mut() {
        *first = json!({ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" });
    }
    error(StatusCode::BAD_REQUEST, "TransactionCanceledException", &json!({ "CancellationReasons": reasons }))
}

/// Rejects at least one entry, and at most all.
fn refuse_entries(call: &Call, rng: &mut SeededRng) -> Option<Verdict> {
    let entries = call.body["Entries"].as_array()?;
    let (mut kept, mut refused) = (Vec::new(), Vec::new());
    for (place, entry) in entries.iter().enumerate() {
        if place == 0 || rng.throw() < 0.5 { refused.push(place) } else { kept.push(entry.clone()) }
    }
    let merge = Merge::RefusedEntries(refused);
    if kept.is_empty() {
        return Some(Verdict::Answer(StatusCode::OK, merge.apply(br#"{"Entries": []}"#)));
    }
    let mut body = call.body.clone();
    body["Entries"] = Value::Array(kept);
    Some(Verdict::Split(Split { forwarded: body.to_string().into(), merge }))
}

/// Leaves at least one key unprocessed, but not all of a table's.
fn leave_keys(call: &Call, rng: &mut SeededRng) -> Option<Verdict> {
    let (mut body, mut left) = (call.body.clone(), json!({}));
    for (table, request) in body["RequestItems"].as_object_mut()? {
        let keys = request["Keys"].as_array_mut()?;
        let leave = (1..keys.len()).filter(|&place| place == 1 || rng.throw() < 0.5).count();
        if leave > 0 {
            let at = keys.len() - leave;
            left[table] = json!({ "Keys": keys.split_off(at) });
        }
    }
    let some = left.as_object().is_some_and(|tables| !tables.is_empty());
    let merge = Merge::UnprocessedKeys(left);
    some.then(|| Verdict::Split(Split { forwarded: body.to_string().into(), merge }))
}

impl Merge {
    pub(super) fn apply(self, answer: &[u8]) -> Bytes {
        let Ok(mut body) = serde_json::from_slice::<Value>(answer) else { return answer.to_vec().into() };
        match self {
            Self::RefusedEntries(places) => {
                body["FailedEntryCount"] = json!(places.len());
                if let Some(entries) = body["Entries"].as_array_mut() {
                    for place in places {
                        let refused =
                            json!({ "ErrorCode": "ThrottlingException", "ErrorMessage": "injected" });
                        entries.insert(place.min(entries.len()), refused);
                    }
                }
            }
            Self::UnprocessedKeys(keys) => body["UnprocessedKeys"] = keys,
        }
        body.to_string().into()
    }
}
