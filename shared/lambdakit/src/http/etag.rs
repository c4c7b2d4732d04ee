//! Versions of a resource in HTTP: `ETag` and conditional requests (RFC 9110 sections 8.8.3 and
//! 13).
//!
//! A handler extracts [`Preconditions`] and checks them against the version that it returns or
//! replaces. The write itself must be conditional on this version, so that no other write comes in
//! between.
//!
//! Dates are not compared: no response has `Last-Modified`, so `If-Modified-Since` and
//! `If-Unmodified-Since` are ignored (sections 13.1.3 and 13.1.4).

use axum::extract::FromRequestParts;
use axum::http::header::{ETAG, GetAll, IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::Problem;

/// The header with a resource's version as its entity tag: version 3 is `"3"`.
#[must_use]
pub fn etag(version: u64) -> [(HeaderName, String); 1] {
    [(ETAG, EntityTag::of(version).0)]
}

/// The response to a conditional read if the client has the current version (RFC 9110 section
/// 15.4.5).
#[must_use]
pub fn not_modified(version: u64) -> Response {
    (StatusCode::NOT_MODIFIED, etag(version)).into_response()
}

/// The opaque part of an entity tag with its quotes. It is compared octet by octet, so `"03"` is
/// not version 3.
#[derive(Clone, Debug, PartialEq, Eq)]
struct EntityTag(String);

impl EntityTag {
    fn of(version: u64) -> Self {
        Self(format!("\"{version}\""))
    }
}

/// The entity tags of one header.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Tags {
    /// `*`: any existing version.
    Any,
    /// Entity tags, each with whether it is weak.
    List(Vec<(bool, EntityTag)>),
}

/// The preconditions of a request on the version of an existing resource. A missing resource has no
/// preconditions to check: its 404 comes first (RFC 9110 section 13.2.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preconditions {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
}

/// The result of a read's preconditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadCondition {
    /// Return the resource.
    Holds,
    /// The client has this version: respond with 304.
    NotModified,
    /// Respond with 412.
    Failed,
}

impl Preconditions {
    /// Whether a write may replace this version; if not, respond with 412.
    #[must_use]
    pub fn hold_for(&self, version: u64) -> bool {
        self.matches(version) && !self.is_known(version)
    }

    /// How to respond to a GET or HEAD of this version.
    #[must_use]
    pub fn of_read(&self, version: u64) -> ReadCondition {
        // The order is that of RFC 9110 section 13.2.2.
        if !self.matches(version) {
            ReadCondition::Failed
        } else if self.is_known(version) {
            ReadCondition::NotModified
        } else {
            ReadCondition::Holds
        }
    }

    /// Whether `If-Match` holds. Its comparison is strong: a weak tag matches nothing (section
    /// 13.1.1).
    fn matches(&self, version: u64) -> bool {
        self.if_match.as_ref().is_none_or(|tags| tags.contain(version, false))
    }

    /// Whether `If-None-Match` names this version. Its comparison is weak (section 13.1.2).
    fn is_known(&self, version: u64) -> bool {
        self.if_none_match.as_ref().is_some_and(|tags| tags.contain(version, true))
    }
}

impl Tags {
    fn contain(&self, version: u64, weak_comparison: bool) -> bool {
        match self {
            Self::Any => true,
            Self::List(tags) => {
                let current = EntityTag::of(version);
                tags.iter().any(|(is_weak, tag)| *tag == current && (weak_comparison || !is_weak))
            }
        }
    }

    /// Reads all lines of a header as one list (RFC 9110 section 5.3); `None` without the header.
    fn read(name: &HeaderName, lines: GetAll<HeaderValue>) -> Result<Option<Self>, Problem> {
        let lines: Vec<_> = lines.iter().map(HeaderValue::as_bytes).collect();
        if lines.is_empty() {
            return Ok(None);
        }
        let list = lines.join(&b","[..]);
        if list.trim_ascii() == b"*" {
            return Ok(Some(Self::Any));
        }
        let tags = parse(&list).ok_or_else(|| {
            Problem::bad_request(format!("{name} must be * or a list of entity tags, such as \"1\", \"2\"."))
        });
        tags.map(Self::List).map(Some)
    }
}

/// A list of entity tags. A list may have empty elements (RFC 9110 section 5.6.1.2), and a tag may
/// hold commas.
fn parse(mut list: &[u8]) -> Option<Vec<(bool, EntityTag)>> {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let mut tags = Vec::new();
    let mut after_comma = true;
    loop {
        list = &list[list.iter().take_while(|byte| is_space(byte)).count()..];
        match list {
            [] => return Some(tags),
            [b',', rest @ ..] => {
                list = rest;
                after_comma = true;
            }
            _ if !after_comma => return None,
            _ => {
                let (is_weak, rest) = match list.strip_prefix(b"W/") {
                    Some(rest) => (true, rest),
                    None => (false, list),
                };
                let opaque = rest.strip_prefix(b"\"")?;
                let length = opaque.iter().position(|byte| *byte == b'"')?;
                let is_etagc = |byte: &u8| matches!(byte, 0x21 | 0x23..=0x7e | 0x80..);
                if !opaque[..length].iter().all(is_etagc) {
                    return None;
                }
                // Valid tags of a version are ASCII, so a replaced octet cannot cause a match.
                let tag = String::from_utf8_lossy(&rest[..length + 2]).into_owned();
                tags.push((is_weak, EntityTag(tag)));
                list = &opaque[length + 1..];
                after_comma = false;
            }
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Preconditions {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let read = |name: HeaderName| Tags::read(&name, parts.headers.get_all(&name));
        Ok(Self { if_match: read(IF_MATCH)?, if_none_match: read(IF_NONE_MATCH)? })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use proptest::prelude::*;

    use super::*;

    fn tags(lines: &[&[u8]]) -> Option<Option<Tags>> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(IF_MATCH, HeaderValue::from_bytes(line).unwrap());
        }
        Tags::read(&IF_MATCH, headers.get_all(IF_MATCH)).ok()
    }

    fn conditions(if_match: &str, if_none_match: &str) -> Preconditions {
        let read = |text: &str| tags(&[text.as_bytes()]).unwrap();
        Preconditions {
            if_match: if if_match.is_empty() { None } else { read(if_match) },
            if_none_match: if if_none_match.is_empty() { None } else { read(if_none_match) },
        }
    }

    #[test]
    fn if_match_compares_strongly_and_if_none_match_weakly() {
        for (tag, strongly, weakly) in [
            ("\"3\"", true, true),
            ("W/\"3\"", false, true),
            ("*", true, true),
            ("\"2\", \"3\"", true, true),
            ("\"2\",, W/\"3\" ,", false, true),
            ("\"2,3\", \"x\\\", \"3\"", true, true),
            ("\"2,3\"", false, false),
            ("\"03\"", false, false),
            ("\"+3\"", false, false),
            ("\"\"", false, false),
            (" ", false, false),
        ] {
            assert_eq!(conditions(tag, "").hold_for(3), strongly, "If-Match: {tag}");
            assert_eq!(conditions("", tag).hold_for(3), !weakly, "If-None-Match: {tag}");
            let read = if weakly { ReadCondition::NotModified } else { ReadCondition::Holds };
            assert_eq!(conditions("", tag).of_read(3), read, "If-None-Match: {tag}");
        }
    }

    #[test]
    fn if_match_is_looked_at_first() {
        assert_eq!(conditions("\"2\"", "\"3\"").of_read(3), ReadCondition::Failed);
        assert_eq!(conditions("\"3\"", "\"3\"").of_read(3), ReadCondition::NotModified);
        assert_eq!(conditions("*", "\"2\"").of_read(3), ReadCondition::Holds);
        assert!(!conditions("\"3\"", "\"3\"").hold_for(3));
        assert!(Preconditions::default().hold_for(3));
    }

    #[test]
    fn lines_of_a_header_are_one_list() {
        let both = tags(&[b"\"1\"", b"W/\"2\""]).unwrap().unwrap();
        assert!(both.contain(1, false) && both.contain(2, true) && !both.contain(2, false));
        assert_eq!(tags(&[]), Some(None));
        assert!(tags(&[b"\"caf\xe9\""]).is_some(), "obs-text");
    }

    #[test]
    fn invalid_entity_tags_are_refused() {
        for bad in [
            "1",
            "\"1",
            "1\"",
            "\"1\" \"2\"",
            "\"1\"\"2\"",
            "w/\"1\"",
            "W/ \"1\"",
            "*, \"1\"",
            "W/1",
            "\"a\tb\"",
            "\" \"",
        ] {
            assert_eq!(tags(&[bad.as_bytes()]), None, "{bad}");
        }
        assert_eq!(tags(&[b"*", b"\"1\""]), None);
    }

    proptest! {
        #[test]
        fn valid_entity_tags_are_read(opaque in "[!#-~]{0,20}", others in prop::collection::vec("[!#-~]{0,9}", 0..4)) {
            let list = others.iter().chain([&opaque]).map(|tag| format!("\"{tag}\"")).collect::<Vec<_>>().join(" , ");
            let Some(Some(Tags::List(read))) = tags(&[list.as_bytes()]) else { panic!("{list}") };
            prop_assert_eq!(read.len(), others.len() + 1);
            prop_assert_eq!(read.last().map(|(_, tag)| tag.0.clone()), Some(format!("\"{opaque}\"")));
        }

        #[test]
        fn no_header_makes_it_panic(text in prop::collection::vec(any::<u8>(), 0..40)) {
            if HeaderValue::from_bytes(&text).is_ok() {
                tags(&[&text]);
            }
        }
    }
}
