//! Benchmark cases: a function, its event, the responses of AWS, and the floor below it.

pub mod basket;
mod fulfilment;
pub mod ordering;
pub mod product;
pub mod search;

use anyhow::Result;
use hyper::body::Bytes;
use serde_json::json;

use crate::answer::Expected;
use crate::stand_in::Answers;

/// One path through one function.
#[derive(Clone)]
pub struct Case {
    /// Its name in the report.
    pub name: String,
    /// The function's executable.
    pub function: &'static str,
    /// The bare SDK calls of this path, if it has a budget.
    pub floor: Option<&'static str>,
    /// The event of the invocation.
    pub event: Bytes,
    /// The responses of AWS.
    pub answers: Answers,
    pub expected: Expected,
}

impl Case {
    /// All cases. Those with budgets come first, then the rest of the path to an order and of the
    /// price updates. Large baskets and order fulfilment come last.
    pub fn all() -> Result<Vec<Self>> {
        let mut cases = vec![
            hello(),
            product::read()?,
            basket::read(2)?,
            basket::check_out(2)?,
            ordering::consumer()?,
            product::list()?,
            basket::add_item(2)?,
            ordering::read()?,
            basket::checkouts()?,
            product::events()?,
            basket::prices()?,
            basket::read(20)?,
            basket::check_out(20)?,
            basket::read(100)?,
            basket::check_out(100)?,
        ];
        cases.extend(fulfilment::all()?);
        Ok(cases)
    }
}

/// The runtime alone, which is a floor itself.
fn hello() -> Case {
    Case {
        name: "hello".to_owned(),
        function: "floor-hello",
        floor: None,
        event: Bytes::from_static(b"{}"),
        answers: Answers::new(),
        expected: Expected::Status(200),
    }
}

/// The bus accepted one event.
fn published() -> Answers {
    let entry = json!({ "EventId": "11710aed-b79e-4468-a20b-bb3c0c3b4860" });
    Answers::from([("PutEvents".to_owned(), json!({ "FailedEntryCount": 0, "Entries": [entry] }))])
}
