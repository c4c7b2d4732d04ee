//! Query parameters of a request, with all their errors in one problem.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;

#[cfg(feature = "dynamodb")]
use crate::dynamodb::cursor;
#[cfg(feature = "dynamodb")]
use crate::dynamodb::page::{Limit, PageRequest};
use crate::http::problem::{FieldError, Problem};

/// The query parameters of a request, and the errors of those read so far.
///
/// Reading works as with [`Fields`](crate::http::fields::Fields): `None` means invalid.
#[derive(Debug)]
pub struct Parameters {
    values: HashMap<String, Vec<String>>,
    errors: Vec<FieldError>,
}

impl Parameters {
    /// Parses a query string in form encoding: `+` is a space.
    fn read(query: &str) -> Result<Self, Problem> {
        let mut values: HashMap<_, Vec<_>> = HashMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (decoded(name), decoded(value)) else {
                return Err(Problem::bad_request("The query string is not UTF-8."));
            };
            values.entry(name).or_default().push(value);
        }
        Ok(Self { values, errors: Vec::new() })
    }

    /// Reads an optional parameter. An empty value does not count as missing, because an empty
    /// filter selects nothing.
    pub fn optional<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Option<Option<T>> {
        match self.text(name)?.map(str::parse) {
            None => Some(None),
            Some(Ok(value)) => Some(Some(value)),
            Some(Err(error)) => self.wrong(name, error),
        }
    }

    fn text(&mut self, name: &'static str) -> Option<Option<&str>> {
        if self.values.get(name).is_some_and(|values| values.len() > 1) {
            return self.wrong(name, "must be given once");
        }
        Some(self.values.get(name).and_then(|values| values.first()).map(String::as_str))
    }

    /// Reads which page of a list is requested. `list` names the list, including all its filters.
    #[cfg(feature = "dynamodb")]
    pub fn page(&mut self, list: impl Into<String>) -> Option<PageRequest> {
        let list = list.into();
        let limit = self.optional::<Limit>("limit");
        let start = match self.text("cursor").map(|cursor| cursor.map(|cursor| cursor::decode(&list, cursor)))
        {
            None => None,
            Some(None) => Some(None),
            Some(Some(Some(start))) => Some(Some(start)),
            Some(Some(None)) => self.wrong("cursor", "is not a cursor of this list"),
        };
        Some(PageRequest::new(list, limit?.unwrap_or_default(), start?))
    }

    /// The 400 problem that names every invalid parameter.
    #[must_use]
    pub fn invalid(self) -> Problem {
        Problem::bad_parameters(self.errors)
    }

    fn wrong<T>(&mut self, name: &str, detail: impl Display) -> Option<T> {
        self.errors.push(FieldError { field: name.to_owned(), detail: detail.to_string() });
        None
    }
}

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::read(parts.uri.query().unwrap_or_default())
    }
}

fn decoded(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamodb::item;

    fn parameters(query: &str) -> Parameters {
        Parameters::read(query).unwrap()
    }

    #[test]
    fn every_parameter_at_fault_is_named() {
        let mut parameters = parameters("limit=0&cursor=abc");
        assert!(parameters.page("product").is_none());
        let fields: Vec<_> = parameters.errors.iter().map(|error| &*error.field).collect();
        assert_eq!(fields, ["limit", "cursor"]);
    }

    #[test]
    fn limits_are_1_to_100_and_20_unless_asked() {
        assert_eq!(parameters("").page("x").unwrap().limit(), 20);
        assert_eq!(parameters("limit=100").page("x").unwrap().limit(), 100);
        assert_eq!(parameters("limit=007").page("x").unwrap().limit(), 7);
        for bad in ["0", "101", "-1", "ten", "1.5", "", "%2B7", "+7", "7+", "7.0", "7e0", "0x7", "%D9%A7"] {
            assert!(parameters(&format!("limit={bad}")).page("x").is_none(), "{bad}");
        }
    }

    #[test]
    fn a_parameter_is_its_decoded_text() {
        for query in ["a=x+y%2Bz", "a=x%20y%2Bz", "%61=x+y%2bz", "&&a=x+y%2Bz&"] {
            assert_eq!(parameters(query).optional::<String>("a"), Some(Some("x y+z".to_owned())), "{query}");
        }
        for query in ["a", "a=", "b=1&a="] {
            assert_eq!(parameters(query).optional::<String>("a"), Some(Some(String::new())), "{query}");
        }
        assert_eq!(parameters("A=1").optional::<String>("a"), Some(None));
        assert!(Parameters::read("a=%FF").is_err() && Parameters::read("%C3=1").is_err());
    }

    #[test]
    fn a_parameter_is_given_once() {
        for query in ["limit=1&limit=2", "limit=1&limit=1", "limit=1&%6Cimit=2"] {
            let mut parameters = parameters(query);
            assert!(parameters.page("x").is_none(), "{query}");
            let errors: Vec<_> =
                parameters.errors.iter().map(|error| (&*error.field, &*error.detail)).collect();
            assert_eq!(errors, [("limit", "must be given once")]);
        }
        assert!(parameters("other=1&other=2").page("x").is_some(), "nobody reads it");
        let cursor = cursor::encode("x", item::key([("id", "a".to_owned())])).unwrap();
        assert!(parameters(&format!("cursor={cursor}&cursor={cursor}")).page("x").is_none());
    }
}
