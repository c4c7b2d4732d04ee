//! The fields of a log line that the code of an invocation adds.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::value::RawValue;

use super::line::Line;

/// Types that may be logged. Domain types are not among them: to log a part of one, convert it
/// explicitly into one of these types. Types that hide their content cannot be converted.
pub trait Loggable: Serialize {}

impl Loggable for str {}
impl Loggable for String {}
impl Loggable for bool {}
impl Loggable for u16 {}
impl Loggable for u64 {}
impl Loggable for usize {}
impl Loggable for f64 {}
impl<T: Loggable> Loggable for Vec<T> {}

#[derive(Debug, Default)]
pub(super) struct Fields {
    /// Fields that can have several values in a batch, by their singular name.
    sets: BTreeMap<&'static str, BTreeSet<String>>,
    fields: Line,
}

impl Fields {
    pub(super) fn add(&mut self, name: &'static str, value: Box<RawValue>) {
        self.fields.add_raw(name, value);
    }

    /// Adds one of the values of a field that can have several.
    pub(super) fn add_to_set(&mut self, name: &'static str, value: &str) {
        self.sets.entry(name).or_default().insert(value.to_owned());
    }

    /// The first value of a field that can have several.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.sets.get(name)?.first().map(String::as_str)
    }

    pub(super) fn add_to(&self, line: &mut Line) {
        for (name, values) in &self.sets {
            match values.len() {
                1 => line.add(*name, &values.first()),
                _ => line.add(format!("{name}s"), values),
            }
        }
        line.extend(&self.fields);
    }
}
