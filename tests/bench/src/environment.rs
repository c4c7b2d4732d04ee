//! What functions find in their environment.

/// What Lambda sets, and what the stack would; `more` stands above it.
pub fn environment(endpoint: &str, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let of_all = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("AWS_SESSION_TOKEN", "bench"),
        // As long as the names that CloudFormation gives.
        ("AWS_LAMBDA_FUNCTION_NAME", "ferrocart-bench-BasketFunction1A2B3C4D-aBcDeFgHiJkL"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "bench"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
        ("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true"),
        ("AWS_MAX_ATTEMPTS", "3"),
        ("ATTEMPT_TIMEOUT_MS", "1500"),
        ("ALLOWED_ORIGINS", "http://localhost:3000"),
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
        ("EVENT_BUS", "EVENT_BUS"),
        ("RETRY_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/bench"),
        ("AWS_ENDPOINT_URL", endpoint),
    ];
    let all = of_all.into_iter().chain(more.iter().copied());
    all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
