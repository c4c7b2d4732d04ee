//! Malformed queries.

use crate::{encoded, search};

#[tokio::test]
async fn malformed_queries_are_refused_with_the_reason() {
    let search = search().await;
    for (query, reason) in [
        ("", "must be 1 to 200 characters"),
        ("   ", "must not be blank"),
        ("!?.,-", "must have a letter or a digit"),
        ("😀", "must have a letter or a digit"),
        ("a\u{0}b", "must not contain control characters"),
        ("a\nb", "must not contain control characters"),
        ("a\u{202e}b", "must not contain characters that change the direction of writing"),
        ("a\u{200b}b", "must not contain invisible characters"),
        (&"x".repeat(201), "must be 1 to 200 characters"),
        ("a b c d e f g h i", "must have at most 8 different words"),
    ] {
        let refused = search.client.get(&format!("/search?q={}", encoded(query))).await.expect(400);
        assert_eq!(refused.fields_at_fault(), ["q"], "{query:?}");
        assert_eq!(refused.body["errors"][0]["detail"], reason, "{query:?}");
    }
    let refused = search.client.get("/search").await.expect(400);
    assert_eq!(refused.body["errors"][0]["detail"], "is required");
    let refused = search.client.get("/search?q=a&q=b&limit=0&cursor=x").await.expect(400);
    assert_eq!(refused.fields_at_fault(), ["q", "limit", "cursor"]);
    search.client.get("/search?q=%FF").await.expect(400);
}

#[tokio::test]
async fn unusual_queries_are_answered() {
    let search = search().await;
    search.index("IPhone X", "Phone", "").await;
    for (query, found) in
        [("x", 1), ("7", 0), ("a b c d e f g h", 0), (&*"w".repeat(200), 0), ("IPHONE+X+!", 1)]
    {
        let page = search.page(&format!("q={}", query.replace(' ', "+"))).await;
        assert_eq!(page["items"].as_array().unwrap().len(), found, "{query}");
        assert!(page.get("nextCursor").is_none());
    }
}
