use axum::http::StatusCode;
use domain::{OrderId, Text, UserName};
use lambdakit::Problem;
use lambdakit::fields::Fields;

/// The largest frame that is read: as much as API Gateway takes in one. A text of 2000 characters is smaller, however it
/// is written.
pub(crate) const MOST_BYTES: usize = 32 * 1024;

/// What somebody writes.
pub(crate) type ChatText = Text<1, 2000, true>;

/// What a client asks for. What people write is not for logs, so there is no `Debug`.
pub(crate) enum Request {
    SubscribeOrder { order_id: OrderId },
    SendMessage { text: ChatText, to: Option<UserName> },
    ReadMessages { customer: Option<UserName>, before: Option<u64> },
}

impl Request {
    pub(crate) fn parse(frame: &str) -> Result<Self, Problem> {
        if frame.len() > MOST_BYTES {
            return Err(Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "Too large",
                format!("A frame has at most {MOST_BYTES} bytes."),
            ));
        }
        let mut fields = Fields::parse(frame.as_bytes())?;
        let request = match fields.required::<String>("action").as_deref() {
            Some("subscribeOrder") => {
                fields.required("orderId").map(|order_id| Self::SubscribeOrder { order_id })
            }
            Some("sendMessage") => {
                let (text, to) = (fields.required("text"), fields.optional("to"));
                text.zip(to).map(|(text, to)| Self::SendMessage { text, to })
            }
            Some("readMessages") => {
                let (customer, before) = (fields.optional("customer"), fields.optional("before"));
                customer.zip(before).map(|(customer, before)| Self::ReadMessages { customer, before })
            }
            _ => return Err(unknown_action()),
        };
        request.ok_or_else(|| fields.invalid())
    }
}

pub(crate) fn unknown_action() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "unknown-action",
        "Unknown action",
        "`action` must be subscribeOrder, sendMessage or readMessages.",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(frame: &str) -> u16 {
        Request::parse(frame).err().unwrap().status().as_u16()
    }

    #[test]
    fn the_longest_text_fits_into_a_frame_however_it_is_written() {
        // The widest way to write a character in JSON (RFC 8259 section 7).
        let text = r"\ud83d\ude00".repeat(2000);
        let frame = format!(r#"{{"action": "sendMessage", "to": "{}", "text": "{text}"}}"#, "x".repeat(128));
        assert!(matches!(Request::parse(&frame), Ok(Request::SendMessage { .. })));
        assert_eq!(refusal(&frame.replacen(r"\ud83d", r"a\ud83d", 1)), 422);
        assert_eq!(refusal(&"x".repeat(MOST_BYTES + 1)), 413);
    }

    #[test]
    fn what_is_no_request_is_refused_by_what_is_wrong_with_it() {
        for frame in ["", "hello", "[]", "{", "null", r#"{"action": 7}"#, r#"{"action": "dance"}"#, "{}"] {
            assert_eq!(refusal(frame), 400, "{frame}");
        }
        for frame in [
            json!({ "action": "subscribeOrder" }),
            json!({ "action": "subscribeOrder", "orderId": "7" }),
            json!({ "action": "sendMessage", "text": " " }),
            json!({ "action": "sendMessage", "text": "hi", "to": "no body" }),
            json!({ "action": "readMessages", "before": -1 }),
            json!({ "action": "readMessages", "customer": "erased" }),
        ] {
            assert_eq!(refusal(&frame.to_string()), 422, "{frame}");
        }
    }
}
