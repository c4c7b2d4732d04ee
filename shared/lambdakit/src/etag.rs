//! Versions of a resource in HTTP: `ETag` and `If-Match` (RFC 9110 sections 8.8.3 and 13.1.1).

use axum::extract::OptionalFromRequestParts;
use axum::http::HeaderName;
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::request::Parts;

use crate::Problem;

/// DynamoDB takes this many versions in a condition, and more; clients send one.
const MOST_TAGS: usize = 10;

/// The header with a resource's version as its entity tag: version 3 is `"3"`.
#[must_use]
pub fn etag(version: u64) -> [(HeaderName, String); 1] {
    [(ETAG, format!("\"{version}\""))]
}

/// The versions that a client takes the resource to have; a change is made only if it has one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfMatch(pub Vec<u64>);

impl<S: Sync> OptionalFromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    /// `None` without the header, and with `*`: any version will do.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        let Some(header) = parts.headers.get(IF_MATCH) else { return Ok(None) };
        let tags = header.to_str().map_err(|_| Problem::bad_request("If-Match is not readable."))?;
        if tags.trim() == "*" {
            return Ok(None);
        }
        if tags.split(',').count() > MOST_TAGS {
            return Err(Problem::bad_request(format!("If-Match takes at most {MOST_TAGS} tags.")));
        }
        // A tag that is none of ours, or a weak one, matches nothing.
        let versions =
            tags.split(',').filter_map(|tag| tag.trim().strip_prefix('"')?.strip_suffix('"')?.parse().ok());
        Ok(Some(Self(versions.collect())))
    }
}
