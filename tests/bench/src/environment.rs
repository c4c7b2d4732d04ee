//! Environment variables of functions.

/// The variables that Lambda and the stack set for the function of this handler. `more` takes
/// precedence.
pub fn environment(handler: &str, endpoint: &str, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let of_all = [
        ("_HANDLER", handler),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("AWS_SESSION_TOKEN", "bench"),
        // As long as the names that CloudFormation generates.
        ("AWS_LAMBDA_FUNCTION_NAME", "ferrocart-bench-BasketFunction1A2B3C4D-aBcDeFgHiJkL"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "bench"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
        ("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true"),
        ("AWS_MAX_ATTEMPTS", "3"),
        ("ATTEMPT_TIMEOUT_MS", "1500"),
        ("TOKEN_CLIENTS", "sample-client"),
        ("CURRENCY", "USD"),
        ("METRICS_NAMESPACE", "Ferrocart"),
        ("SERVICE", "bench"),
        ("STAGE", "bench"),
        ("PRODUCT_TABLE", "PRODUCT_TABLE"),
        ("BASKET_TABLE", "BASKET_TABLE"),
        ("PRICE_TABLE", "PRICE_TABLE"),
        ("CHECKOUT_TABLE", "CHECKOUT_TABLE"),
        ("IDEMPOTENCY_TABLE", "IDEMPOTENCY_TABLE"),
        ("ORDER_TABLE", "ORDER_TABLE"),
        ("STOCK_TABLE", "STOCK_TABLE"),
        ("FULFILMENT_TABLE", "FULFILMENT_TABLE"),
        ("PAYMENT_TABLE", "PAYMENT_TABLE"),
        ("SHIPMENT_TABLE", "SHIPMENT_TABLE"),
        ("MAIL_TABLE", "MAIL_TABLE"),
        ("AUDIT_TABLE", "AUDIT_TABLE"),
        ("CONNECTION_TABLE", "CONNECTION_TABLE"),
        ("SEARCH_TABLE", "SEARCH_TABLE"),
        ("EVENT_BUS", "EVENT_BUS"),
        ("FULFILMENT_WORKFLOW_ARN", "arn:aws:states:us-east-1:123456789012:stateMachine:bench"),
        ("PAYMENT_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/payment"),
        ("SHIPPING_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/delivery"),
        ("PROVIDER_URL", endpoint),
        ("PROVIDER_KEY_PARAMETER", "/ferrocart/bench/payment/provider-key"),
        ("SCHEDULE_GROUP", "bench"),
        ("SCHEDULE_BUS_ARN", "arn:aws:events:us-east-1:123456789012:event-bus/bench"),
        ("SCHEDULE_FAILURES_ARN", "arn:aws:sqs:us-east-1:123456789012:failures"),
        ("SCHEDULE_ROLE_ARN", "arn:aws:iam::123456789012:role/scheduler"),
        ("CARRIER_PACE_SECONDS", "60"),
        ("CALLBACK_URL", endpoint),
        ("QUARANTINE_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/bench"),
        ("AWS_ENDPOINT_URL", endpoint),
    ];
    let all = of_all.into_iter().chain(more.iter().copied());
    all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
