//! Reads a JSON request body field by field, so that the response names every invalid field.
//!
//! Each read returns `None` for an invalid field and records the error. A request is built from its
//! fields in one step, and the recorded errors become a problem response:
//!
//! ```
//! # use lambdakit::{Problem, http::fields::Fields};
//! struct Greeting { name: String, times: Option<u8> }
//!
//! fn read(body: &[u8]) -> Result<Greeting, Problem> {
//!     let mut fields = Fields::parse(body)?;
//!     let (name, times) = (fields.required("name"), fields.optional("times"));
//!     let (Some(name), Some(times)) = (name, times) else { return Err(fields.invalid()) };
//!     Ok(Greeting { name, times })
//! }
//!
//! assert!(read(br#"{"name": "Grace"}"#).is_ok());
//! assert!(read(br#"{"name": 1, "times": -1}"#).is_err());
//! ```

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::{self, Display};

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::Problem;
use crate::http::problem::FieldError;

/// Maximum nesting depth of values: the limit of `serde_json`.
const MAX_DEPTH: usize = 128;

/// The fields of a JSON object, and the errors of those read so far.
#[derive(Debug)]
pub struct Fields<'a> {
    path: String,
    values: HashMap<String, &'a RawValue>,
    errors: Vec<FieldError>,
}

impl<'a> Fields<'a> {
    /// The fields of a request body.
    ///
    /// # Errors
    /// A 400 problem when the body is not a JSON object in UTF-8; a 422 problem when it has a field
    /// twice.
    pub fn parse(body: &'a [u8]) -> Result<Self, Problem> {
        let text = std::str::from_utf8(body).map_err(|error| {
            let place = error.valid_up_to();
            let byte = body.get(place).copied().unwrap_or_default();
            Problem::bad_request(format!(
                "The body must be JSON in UTF-8: its byte {} (0x{byte:02X}) is not UTF-8.",
                place + 1
            ))
        })?;
        // A byte order mark may be ignored (RFC 8259 section 8.1), and some editors write one.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match serde_json::from_str::<Members>(text) {
            Ok(members) => {
                let mut fields = Self { path: String::new(), values: HashMap::new(), errors: Vec::new() };
                match fields.take(members) {
                    Some(()) => Ok(fields),
                    None => Err(fields.invalid()),
                }
            }
            Err(_) if text.is_empty() => {
                Err(Problem::bad_request("The body is empty: it must be a JSON object."))
            }
            Err(error) if error.is_data() => Err(Problem::bad_request("The body must be a JSON object.")),
            Err(error) => Err(Problem::bad_request(format!("The body is not JSON: {error}."))),
        }
    }

    /// Reads a required field.
    pub fn required<T: Deserialize<'a>>(&mut self, name: &str) -> Option<T> {
        match self.present(name) {
            Some(value) => self.read(name, value),
            None => self.wrong(name, "is required"),
        }
    }

    /// Reads a field that may be missing or null: `Some(None)` then.
    pub fn optional<T: Deserialize<'a>>(&mut self, name: &str) -> Option<Option<T>> {
        match self.present(name) {
            Some(value) => self.read(name, value).map(Some),
            None => Some(None),
        }
    }

    /// Reads a text that may be missing, null or empty, which all mean that it is not given:
    /// `Some(None)` then.
    pub fn optional_text<T: Deserialize<'a>>(&mut self, name: &str) -> Option<Option<T>> {
        if self.is_empty_text(name) { Some(None) } else { self.optional(name) }
    }

    /// A field of a merge patch (RFC 7396) that can be changed but not removed: `Some(None)` when
    /// missing.
    pub fn change<T: Deserialize<'a>>(&mut self, name: &str) -> Option<Option<T>> {
        if self.values.contains_key(name) { self.required(name).map(Some) } else { Some(None) }
    }

    /// A field of a merge patch (RFC 7396) that can be changed or, by null, removed.
    pub fn removal<T: Deserialize<'a>>(&mut self, name: &str) -> Option<Option<Option<T>>> {
        if self.values.contains_key(name) { self.optional(name).map(Some) } else { Some(None) }
    }

    /// A text of a merge patch (RFC 7396) that can be changed or, by null or an empty text,
    /// removed.
    pub fn removal_text<T: Deserialize<'a>>(&mut self, name: &str) -> Option<Option<Option<T>>> {
        if self.is_empty_text(name) { Some(Some(None)) } else { self.removal(name) }
    }

    fn is_empty_text(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|value| value.get() == "\"\"")
    }

    /// A field that holds an array of at most `most` objects, each read by `read`.
    pub fn each<T>(
        &mut self,
        name: &str,
        most: usize,
        mut read: impl FnMut(&mut Fields<'a>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let array: &RawValue = self.required(name)?;
        let values = serde_json::from_str::<Vec<&RawValue>>(array.get());
        let values = self.check(name, values.map_err(|_| "must be an array"))?;
        if values.len() > most {
            return self.wrong(name, format!("must have at most {most} items"));
        }
        let items: Vec<_> = values
            .into_iter()
            .enumerate()
            .map(|(index, value)| {
                let field = format!("{name}[{index}]");
                let members = serde_json::from_str::<Members>(value.get());
                let members = self.check(&field, members.map_err(|_| "must be an object"))?;
                let path = format!("{}{field}.", self.path);
                let mut fields = Fields { path, values: HashMap::new(), errors: Vec::new() };
                let item = fields.take(members).and_then(|()| read(&mut fields));
                self.errors.append(&mut fields.errors);
                item
            })
            .collect();
        items.into_iter().collect()
    }

    /// Returns a value that was built from a field, or records its error.
    pub fn check<T>(&mut self, name: &str, value: Result<T, impl Display>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(error) => self.wrong(name, error),
        }
    }

    /// Refuses a field's value unless `is_right` accepts it.
    pub fn ensure<T>(
        &mut self,
        name: &str,
        value: Option<T>,
        is_right: impl FnOnce(&T) -> bool,
        detail: &str,
    ) -> Option<T> {
        let value = value?;
        if is_right(&value) { Some(value) } else { self.wrong(name, detail) }
    }

    /// Refuses every field with a forbidden name, at any depth, including in fields that no handler
    /// reads. The values of unread fields are not checked. Values nested deeper than serde reads
    /// them (128 levels) are refused, too.
    pub fn forbid_names(&mut self, detail: &str, is_forbidden: impl Fn(&str) -> bool) -> Option<()> {
        let mut errors = Vec::new();
        for (name, value) in &self.values {
            find_names(&format!("{}{name}", self.path), name, value, 1, &mut |field, name| {
                let detail = match name {
                    Some(name) if is_forbidden(name) => detail,
                    Some(_) => return,
                    None => "cannot be read, or is nested too deeply",
                };
                errors.push(FieldError { field: field.to_owned(), detail: detail.to_owned() });
            });
        }
        errors.sort_unstable_by(|one, other| one.field.cmp(&other.field));
        let none = errors.is_empty();
        self.errors.append(&mut errors);
        none.then_some(())
    }

    /// The 422 problem that names every invalid field.
    #[must_use]
    pub fn invalid(self) -> Problem {
        Problem::invalid(self.errors)
    }

    /// Stores the members of an object. Duplicate names are errors, because receivers treat them
    /// differently (RFC 8259 section 4).
    fn take(&mut self, Members(members): Members<'a>) -> Option<()> {
        let mut result = Some(());
        for (name, value) in members {
            match self.values.entry(name) {
                Entry::Vacant(entry) => drop(entry.insert(value)),
                Entry::Occupied(entry) => {
                    let name = entry.key().clone();
                    result = self.wrong(&name, "must be sent once");
                }
            }
        }
        result
    }

    fn present(&self, name: &str) -> Option<&'a RawValue> {
        self.values.get(name).copied().filter(|value| value.get() != "null")
    }

    fn read<T: Deserialize<'a>>(&mut self, name: &str, value: &'a RawValue) -> Option<T> {
        match serde_json::from_str(value.get()) {
            Ok(value) => Some(value),
            Err(error) => {
                let message = error.to_string();
                // The position is relative to the field, which would mislead the client.
                let message = message.rsplit_once(" at line ").map_or(&*message, |(head, _)| head);
                match message.split_once(", expected ") {
                    Some((_, expected)) => self.wrong(name, format!("must be {expected}")),
                    None => self.wrong(name, message),
                }
            }
        }
    }

    fn wrong<T>(&mut self, name: &str, detail: impl ToString) -> Option<T> {
        let field = format!("{}{name}", self.path);
        self.errors.push(FieldError { field, detail: detail.to_string() });
        None
    }
}

/// All members of a JSON object, in the order they were written.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

/// Calls `found` with the path and the name of a field and of all fields in its value. Without a
/// name, it reports a value that cannot be searched: it is nested too deeply or has a name that is
/// not valid text. Numbers are skipped unread, so that none is too large.
fn find_names(
    path: &str,
    name: &str,
    value: &RawValue,
    depth: usize,
    found: &mut impl FnMut(&str, Option<&str>),
) {
    found(path, Some(name));
    find_names_in(path, value, depth, found);
}

fn find_names_in(path: &str, value: &RawValue, depth: usize, found: &mut impl FnMut(&str, Option<&str>)) {
    let json = value.get();
    if !json.starts_with(['{', '[']) {
        return;
    }
    if depth >= MAX_DEPTH {
        return found(path, None);
    }
    if let Ok(Members(members)) = serde_json::from_str::<Members>(json) {
        for (name, value) in members {
            find_names(&format!("{path}.{name}"), &name, value, depth + 1, found);
        }
    } else if let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(json) {
        for (index, value) in elements.into_iter().enumerate() {
            find_names_in(&format!("{path}[{index}]"), value, depth + 1, found);
        }
    } else {
        // A name in it is not valid text, such as a lone surrogate.
        found(path, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(fields: Fields) -> Vec<String> {
        fields.errors.into_iter().map(|error| format!("{}: {}", error.field, error.detail)).collect()
    }

    #[test]
    fn every_field_at_fault_is_named() {
        let mut fields =
            Fields::parse(br#"{"a": "x", "items": [{"b": 1}, {"b": "y"}, 7, {}], "c": null}"#).unwrap();
        assert_eq!(fields.required::<u8>("a"), None);
        assert_eq!(fields.required::<u8>("c"), None);
        assert_eq!(fields.each("items", 9, |item| item.required::<u8>("b")), None);
        assert_eq!(
            errors(fields),
            [
                "a: must be u8",
                "c: is required",
                "items[1].b: must be u8",
                "items[2]: must be an object",
                "items[3].b: is required",
            ]
        );
    }

    #[test]
    fn a_patch_tells_missing_from_null() {
        let mut fields = Fields::parse(br#"{"a": null, "b": 1}"#).unwrap();
        assert_eq!(fields.removal::<u8>("a"), Some(Some(None)));
        assert_eq!(fields.removal::<u8>("b"), Some(Some(Some(1))));
        assert_eq!(fields.removal::<u8>("c"), Some(None));
        assert_eq!(fields.change::<u8>("b"), Some(Some(1)));
        assert_eq!(fields.change::<u8>("c"), Some(None));
        assert_eq!(fields.change::<u8>("a"), None);
        assert_eq!(errors(fields), ["a: is required"]);
    }

    #[test]
    fn bodies_that_are_no_object_are_bad_requests() {
        for body in ["", "{", "[]", "7", "null", "\"text\"", "{\"a\": 1,}", &"[".repeat(10_000)] {
            let problem = Fields::parse(body.as_bytes()).unwrap_err();
            assert_eq!(problem.status(), 400, "{body:.20}");
        }
    }

    #[test]
    fn an_empty_text_is_not_given() {
        let mut fields = Fields::parse(br#"{"a": "", "b": null, "c": "x", "d": " ", "e": 0}"#).unwrap();
        let text = |fields: &mut Fields, name: &str| fields.optional_text::<String>(name);
        assert_eq!(text(&mut fields, "a"), Some(None));
        assert_eq!(text(&mut fields, "b"), Some(None));
        assert_eq!(text(&mut fields, "missing"), Some(None));
        assert_eq!(text(&mut fields, "c"), Some(Some("x".to_owned())));
        assert_eq!(text(&mut fields, "d"), Some(Some(" ".to_owned())));
        assert_eq!(text(&mut fields, "e"), None);
        let text = |fields: &mut Fields, name: &str| fields.removal_text::<String>(name);
        assert_eq!(text(&mut fields, "a"), Some(Some(None)));
        assert_eq!(text(&mut fields, "b"), Some(Some(None)));
        assert_eq!(text(&mut fields, "missing"), Some(None));
        assert_eq!(text(&mut fields, "c"), Some(Some(Some("x".to_owned()))));
        assert_eq!(fields.required::<String>("a"), Some(String::new()), "a required text is read as it is");
        assert_eq!(errors(fields), ["e: must be a string"]);
    }

    #[test]
    fn a_field_is_sent_once() {
        let Err(problem) = Fields::parse(br#"{"a": 1, "b": 2, "\u0061": 1}"#) else { panic!("taken") };
        assert_eq!(problem.status(), 422);
        let mut fields = Fields::parse(br#"{"items": [{"a": 1}, {"a": 1, "a": 2}]}"#).unwrap();
        assert_eq!(fields.each("items", 9, |item| item.required::<u8>("a")), None);
        assert_eq!(errors(fields), ["items[1].a: must be sent once"]);
    }

    #[test]
    fn a_body_is_utf_8_with_or_without_a_byte_order_mark() {
        let mut fields = Fields::parse("\u{feff}{\"a\": \"caf\u{e9}\"}".as_bytes()).unwrap();
        assert_eq!(fields.required::<String>("a").as_deref(), Some("caf\u{e9}"));
        for (body, said) in [
            (&b"{\"a\": \"caf\xe9\"}"[..], "byte 11 (0xE9) is not UTF-8"),
            (b"\xff\xfe{\0", "byte 1 (0xFF) is not UTF-8"),
            (b"\x1f\x8b\x08", "byte 2 (0x8B) is not UTF-8"),
            (b"", "is empty"),
            (b"\xef\xbb\xbf", "is empty"),
            (b"\xef\xbb\xbf\xef\xbb\xbf{}", "is not JSON"),
        ] {
            let problem = format!("{:?}", Fields::parse(body).unwrap_err());
            assert!(problem.contains(said) && problem.contains("400"), "{problem}");
        }
    }

    #[test]
    fn too_many_items_are_not_even_read() {
        let mut fields = Fields::parse(br#"{"items": [{}, {}, {}]}"#).unwrap();
        assert_eq!(fields.each("items", 2, |_| Some(())), None);
        assert_eq!(errors(fields), ["items: must have at most 2 items"]);
    }

    #[test]
    fn forbidden_names_are_found_at_any_depth() {
        let body = br#"{"a": {"deep": [{"d": 1}, [{"\u0064": 2}]]}, "b": "d", "c": {"ad": "d"}, "d": null}"#;
        let mut fields = Fields::parse(body).unwrap();
        assert_eq!(fields.forbid_names("no", |name| name == "d"), None);
        assert_eq!(errors(fields), ["a.deep[0].d: no", "a.deep[1][0].d: no", "d: no"]);
    }

    #[test]
    fn values_that_nobody_reads_are_not_looked_at() {
        let body = br#"{"a": 1e999, "b": [1e999, {"c": "d"}], "c": "\ud800"}"#;
        let mut fields = Fields::parse(body).unwrap();
        assert_eq!(fields.forbid_names("no", |name| name == "d"), Some(()));
        assert_eq!(errors(fields), [""; 0]);
    }

    #[test]
    fn values_nested_too_deeply_are_refused() {
        let nested = |depth: usize| format!(r#"{{"a": {}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        let (fits, too_deep) = (nested(126), nested(100_000));
        let mut fields = Fields::parse(fits.as_bytes()).unwrap();
        assert_eq!(fields.forbid_names("no", |_| false), Some(()));
        let mut fields = Fields::parse(too_deep.as_bytes()).unwrap();
        assert_eq!(fields.forbid_names("no", |_| false), None);
        assert!(errors(fields)[0].ends_with("is nested too deeply"));
        let mut fields = Fields::parse(br#"{"a": {"\ud800": 1, "cvv": "123"}}"#).unwrap();
        assert_eq!(
            fields.forbid_names("no", |name| name == "cvv"),
            None,
            "a name that is no text hides no other"
        );
    }

    #[test]
    fn a_value_that_is_not_right_is_refused_under_its_field() {
        let mut fields = Fields::parse(br#"{"a": 7}"#).unwrap();
        let seven = fields.required::<u8>("a");
        assert_eq!(fields.ensure("a", seven, |number| *number == 7, "must be 7"), Some(7));
        assert_eq!(fields.ensure("a", seven, |number| *number == 8, "must be 8"), None);
        assert_eq!(fields.ensure("b", None::<u8>, |_| false, "must be there"), None);
        assert_eq!(errors(fields), ["a: must be 8"]);
    }
}
