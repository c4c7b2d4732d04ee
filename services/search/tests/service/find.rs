//! What is found, and in which order.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{names, search};

#[tokio::test]
async fn a_found_product_has_what_a_list_shows() {
    let search = search().await;
    let sample: Value = serde_json::from_str(include_str!("../../events/search-on-product.json")).unwrap();
    assert!(search.deliver(sample["Records"].as_array().unwrap()).await.is_empty());
    let found = search.client.invoke(include_str!("../../events/search-api.json")).await.expect(200).body;
    assert_eq!(
        found,
        json!({ "items": [{
            "id": "019c1430-4400-7000-8000-000000000001",
            "name": "IPhone X",
            "imageFile": "product-1.png",
            "category": "Phone",
            "price": 950.4,
            "currency": "USD",
        }] })
    );
}

#[tokio::test]
async fn products_have_all_words_and_one_that_begins_like_the_last() {
    let search = search().await;
    search.index("Ferrum Lamp", "Lamps", "A lamp of iron.").await;
    search.index("Oak Desk", "Desks", "A desk of ferrous oak, with a lamp").await;
    search.index("Fern", "Plants", "").await;
    for (query, expected) in [
        ("fer", &["Fern", "Ferrum Lamp", "Oak Desk"][..]),
        ("f", &["Fern", "Ferrum Lamp", "Oak Desk"]),
        ("ferr", &["Ferrum Lamp", "Oak Desk"]),
        ("FERRUM", &["Ferrum Lamp"]),
        ("ferrums", &[]),
        ("lamp fer", &["Ferrum Lamp", "Oak Desk"]),
        ("lam fer", &[]),
        ("fer lamp", &[]),
        ("iron lamp ferrum", &["Ferrum Lamp"]),
        ("iron oak", &[]),
        ("plants", &["Fern"]),
        ("a of d", &["Oak Desk"]),
        ("errum", &[]),
    ] {
        assert_eq!(search.names(query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn names_are_better_than_categories_and_those_than_descriptions() {
    let search = search().await;
    search.index("Zinc lamp", "Metal", "").await;
    search.index("Brass", "Lamp", "A metal").await;
    search.index("Anvil", "Tools", "Metal, without a lamp").await;
    search.index("Metal lamp", "Lamp", "").await;
    search.index("Lamp A", "Light", "").await;
    assert_eq!(search.names("lamp").await, ["Lamp A", "Metal lamp", "Zinc lamp", "Brass", "Anvil"]);
    assert_eq!(search.names("metal lamp").await, ["Metal lamp", "Zinc lamp", "Brass", "Anvil"]);
}

#[tokio::test]
async fn longer_words_are_told_apart_behind_their_first_six_characters() {
    let search = search().await;
    search.index("Electric kettle", "Kitchen", "").await;
    search.index("Electronics set", "Toys", "").await;
    assert_eq!(search.names("electr").await, ["Electric kettle", "Electronics set"]);
    assert_eq!(search.names("electri").await, ["Electric kettle"]);
    assert_eq!(search.names("electronics").await, ["Electronics set"]);
    assert_eq!(search.names("electric set").await, Vec::<String>::new());
}

#[tokio::test]
async fn words_are_found_in_every_script_and_spelling() {
    let search = search().await;
    search.index("Crème brûlée", "Café", "Straße").await;
    search.index("手机保护壳", "配件", "适用于手机").await;
    search.index("スマートフォンのケース", "アクセサリー", "").await;
    search.index("שולחן עבודה", "רהיטים", "").await;
    search.index("휴대폰 케이스", "액세서리", "").await;
    for (query, expected) in [
        ("BRULEE creme", "Crème brûlée"),
        ("cafe", "Crème brûlée"),
        ("STRASSE", "Crème brûlée"),
        ("手机", "手机保护壳"),
        ("保护", "手机保护壳"),
        ("壳", "手机保护壳"),
        ("ケース", "スマートフォンのケース"),
        ("ｽﾏｰﾄ", "スマートフォンのケース"),
        ("עבודה", "שולחן עבודה"),
        ("שולחן עב", "שולחן עבודה"),
        ("케이스", "휴대폰 케이스"),
        ("휴대", "휴대폰 케이스"),
    ] {
        assert_eq!(search.names(query).await, [expected], "{query}");
    }
}

/// All names that a query finds, page by page.
async fn all_names(search: &crate::Search, parameters: &str) -> Vec<Vec<String>> {
    let (mut pages, mut next) = (Vec::new(), parameters.to_owned());
    loop {
        let page = search.page(&next).await;
        pages.push(names(&page));
        let Some(cursor) = page["nextCursor"].as_str() else { return pages };
        next = format!("{parameters}&cursor={cursor}");
    }
}

#[tokio::test]
async fn pages_have_each_product_once() {
    let search = search().await;
    let mut expected = Vec::new();
    for number in 0..130 {
        let category = if number % 10 == 0 { "Rare" } else { "Usual" };
        search.index(&format!("Lamp {number:03}"), category, "bright").await;
        expected.push(format!("Lamp {number:03}"));
    }
    for limit in [7, 50, 100] {
        let pages = all_names(&search, &format!("q=la&limit={limit}")).await;
        assert!(pages.iter().all(|page| page.len() <= limit));
        assert_eq!(pages.concat(), expected, "{limit}");
    }
    // The list of `rare` ends within a window, so it has the whole result.
    let pages = all_names(&search, "q=bright+lamp+rare&limit=5").await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5, 3]);
    let rare: Vec<_> = expected.iter().step_by(10).cloned().collect();
    assert_eq!(pages.concat(), rare);
    // No list of these words ends there.
    let pages = all_names(&search, "q=bright+usual&limit=40").await;
    let found: BTreeSet<_> = pages.concat().into_iter().collect();
    assert_eq!((found.len(), pages.concat().len()), (117, 117));
}

#[tokio::test]
async fn a_cursor_belongs_to_its_query() {
    let search = search().await;
    for number in 0..3 {
        search.index(&format!("Lamp {number}"), "Lamps", "").await;
    }
    let page = search.page("q=LAMP&limit=1").await;
    let cursor = page["nextCursor"].as_str().unwrap();
    assert_eq!(names(&search.page(&format!("q=lamp&cursor={cursor}")).await), ["Lamp 1", "Lamp 2"]);
    for other in ["q=lam", "q=lamps", "q=lamp+1"] {
        let refused = search.client.get(&format!("/search?{other}&cursor={cursor}")).await.expect(400);
        assert_eq!(refused.fields_at_fault(), ["cursor"]);
    }
}
