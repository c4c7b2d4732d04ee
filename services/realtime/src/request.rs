use axum::http::StatusCode;
use domain::card::contains_card_number;
use domain::{CustomerId, OrderId, Text, WholeNumber};
use lambdakit::Problem;
use lambdakit::http::fields::Fields;

/// The largest frame that is accepted, in bytes: API Gateway's limit for one frame. A text of 2000
/// characters is smaller in every JSON encoding.
pub(crate) const MAX_BYTES: usize = 32 * 1024;

/// The text of a chat message.
pub(crate) type ChatText = Text<1, 2000, true>;

/// A client's request. Chat messages must not be logged, so there is no `Debug`.
pub(crate) enum Request {
    SubscribeOrder { order_id: OrderId },
    SendMessage { text: ChatText, customer_id: Option<CustomerId> },
    ReadMessages { customer_id: Option<CustomerId>, before: Option<u64> },
}

impl Request {
    pub(crate) fn parse(frame: &str) -> Result<Self, Problem> {
        if frame.len() > MAX_BYTES {
            return Err(Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "Too large",
                format!("A frame has at most {MAX_BYTES} bytes."),
            ));
        }
        let mut fields = Fields::parse(frame.as_bytes())?;
        let request = match fields.required::<String>("action").as_deref() {
            Some("subscribeOrder") => {
                fields.required("orderId").map(|order_id| Self::SubscribeOrder { order_id })
            }
            Some("sendMessage") => {
                let text = fields.required("text");
                let has_no_card = |text: &ChatText| !contains_card_number(text.as_str());
                let text = fields.ensure("text", text, has_no_card, "must not contain a card number");
                let customer_id = fields.optional_text("customerId");
                text.zip(customer_id).map(|(text, customer_id)| Self::SendMessage { text, customer_id })
            }
            Some("readMessages") => {
                let (customer_id, before) = (fields.optional_text("customerId"), fields.optional("before"));
                customer_id.zip(before).map(|(customer_id, before)| {
                    let before = before.map(WholeNumber::get);
                    Self::ReadMessages { customer_id, before }
                })
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

    const ID: &str = "8a2fd9b6-6a0e-4f3a-9a3b-0d5c4f3f2b1a";

    fn refusal(frame: &str) -> u16 {
        Request::parse(frame).err().unwrap().status().as_u16()
    }

    #[test]
    fn the_longest_text_fits_into_a_frame_however_it_is_written() {
        // The widest way to write a character in JSON (RFC 8259 section 7).
        let text = r"\ud83d\ude00".repeat(2000);
        let frame = format!(r#"{{"action": "sendMessage", "customerId": "{ID}", "text": "{text}"}}"#);
        assert!(matches!(Request::parse(&frame), Ok(Request::SendMessage { .. })));
        assert_eq!(refusal(&frame.replacen(r"\ud83d", r"a\ud83d", 1)), 422);
        assert_eq!(refusal(&"x".repeat(MAX_BYTES + 1)), 413);
    }

    #[test]
    fn values_are_what_they_mean() {
        let id = "0190F2A0-0000-7000-8000-00000000ABCD";
        let subscribed = Request::parse(&json!({ "action": "subscribeOrder", "orderId": id }).to_string());
        let Ok(Request::SubscribeOrder { order_id }) = subscribed else { panic!("not read") };
        assert_eq!(order_id.to_string(), id.to_lowercase());
        let frame = r#"{"action": "readMessages", "customerId": "", "before": 17e0}"#;
        let read = Request::parse(frame);
        assert!(matches!(read, Ok(Request::ReadMessages { customer_id: None, before: Some(17) })));
        let sent = Request::parse(r#"{"action": "sendMessage", "text": "hi", "customerId": ""}"#);
        assert!(matches!(sent, Ok(Request::SendMessage { customer_id: None, .. })));
    }

    #[test]
    fn invalid_requests_are_refused_with_what_is_wrong() {
        for frame in ["", "hello", "[]", "{", "null", r#"{"action": 7}"#, r#"{"action": "dance"}"#, "{}"] {
            assert_eq!(refusal(frame), 400, "{frame}");
        }
        for frame in [
            json!({ "action": "subscribeOrder" }),
            json!({ "action": "subscribeOrder", "orderId": "7" }),
            json!({ "action": "sendMessage", "text": " " }),
            json!({ "action": "sendMessage", "text": "my card is 4242-4242 4242-4242" }),
            json!({ "action": "sendMessage", "text": "\u{200b}" }),
            json!({ "action": "sendMessage", "text": "it costs \u{202e}24.68" }),
            json!({ "action": "sendMessage", "text": "hi", "customerId": "grace" }),
            json!({ "action": "readMessages", "before": -1 }),
            json!({ "action": "readMessages", "customerId": "00000000-0000-0000-0000-000000000000" }),
        ] {
            assert_eq!(refusal(&frame.to_string()), 422, "{frame}");
        }
    }
}
