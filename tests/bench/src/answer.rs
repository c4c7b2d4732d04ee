//! Checks and sizes of functions' responses.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The response that a function is expected to return.
#[derive(Clone, Copy)]
pub enum Expected {
    /// A response of this status.
    Status(u64),
    /// No failed record.
    NoFailures,
    /// Any response.
    Anything,
}

impl Expected {
    /// Fails on an unexpected response: the numbers of a failed function are worthless.
    pub fn check(self, answer: &[u8]) -> Result<()> {
        let json = || serde_json::from_slice::<Value>(answer).context("the answer is not JSON");
        let right = match self {
            Self::Status(status) => json()?["statusCode"] == status,
            Self::NoFailures => json()?["batchItemFailures"].as_array().is_some_and(Vec::is_empty),
            Self::Anything => true,
        };
        ensure!(right, "the function answered {}", String::from_utf8_lossy(answer));
        Ok(())
    }
}

/// Bytes of a response, with its headers as HTTP/1.1 writes them. `None` if the answer is no HTTP
/// response.
pub fn response_bytes(answer: &[u8]) -> Option<u64> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    answer["statusCode"].as_u64()?;
    let body = answer["body"].as_str().map_or(0, str::len);
    let lines = |name: &str, values: &Value| {
        let values = values.as_array().map_or(std::slice::from_ref(values), Vec::as_slice);
        values
            .iter()
            .map(|value| name.len() + value.as_str().map_or(0, str::len) + ": \r\n".len())
            .sum::<usize>()
    };
    let several = answer["multiValueHeaders"].as_object().filter(|headers| !headers.is_empty());
    let headers = several.or_else(|| answer["headers"].as_object()).into_iter().flatten();
    Some((body + headers.map(|(name, values)| lines(name, values)).sum::<usize>()) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_request_and_a_failed_record_are_not_what_is_expected() {
        let good = br#"{"statusCode": 200}"#;
        assert!(Expected::Status(200).check(good).is_ok());
        assert!(Expected::Status(202).check(good).is_err());
        assert!(Expected::NoFailures.check(good).is_err());
        assert!(Expected::NoFailures.check(br#"{"batchItemFailures": []}"#).is_ok());
        assert!(Expected::NoFailures.check(br#"{"batchItemFailures": [{"itemIdentifier": "1"}]}"#).is_err());
        assert!(Expected::Status(200).check(b"").is_err());
    }

    #[test]
    fn headers_count_once_as_lines_beside_the_body() {
        let answer = br#"{"statusCode": 200, "body": "{}", "headers": {"etag": "1"},
            "multiValueHeaders": {"etag": ["1"], "vary": ["a", "b"]}}"#;
        // `etag: 1`, `vary: a` and `vary: b` with their ends of line, and the body.
        assert_eq!(response_bytes(answer), Some(9 + 9 + 9 + 2));
        assert_eq!(response_bytes(br#"{"statusCode": 204, "headers": {"etag": "1"}}"#), Some(9));
        assert_eq!(response_bytes(br#"{"batchItemFailures": []}"#), None);
    }
}
