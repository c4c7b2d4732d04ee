//! What is measured: a function, what it is asked, what AWS answers it, and the floor below it.

pub mod basket;
mod fulfilment;
pub mod ordering;
pub mod product;

use anyhow::Result;
use hyper::body::Bytes;
use serde_json::json;

use crate::answer::Expected;
use crate::stand_in::Answers;

/// One path through one function.
#[derive(Clone)]
pub struct Case {
    /// What it is called in the report.
    pub name: String,
    /// The function's executable.
    pub function: &'static str,
    /// The bare SDK calls of this path, where there is a budget for it.
    pub floor: Option<&'static str>,
    /// What it is invoked with.
    pub event: Bytes,
    /// What AWS answers.
    pub answers: Answers,
    pub expected: Expected,
}

impl Case {
    /// All of them: first those that budgets are set for, then the rest of the way to an order and of what keeps prices
    /// up to date, those of large baskets, and at last what comes after an order is placed.
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

/// The runtime alone: a floor by itself.
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

/// The bus has taken one event.
fn published() -> Answers {
    let entry = json!({ "EventId": "11710aed-b79e-4468-a20b-bb3c0c3b4860" });
    Answers::from([("PutEvents".to_owned(), json!({ "FailedEntryCount": 0, "Entries": [entry] }))])
}
