//! Table items as the stores write them, in DynamoDB's JSON.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Value, json};

const DATE: &str = "2026-01-31T12:00:00.000Z";
const CATEGORIES: [&str; 2] = ["Phone", "Radio"];

/// The category of every second product, starting with the first.
pub const CATEGORY: &str = CATEGORIES[0];

/// The customer id for this name: always the same UUID.
pub fn customer_id(user_name: &str) -> String {
    let mut hasher = DefaultHasher::new();
    user_name.hash(&mut hasher);
    let hash = format!("{:016x}", hasher.finish());
    format!("{}-{}-4000-8000-{}0000", &hash[..8], &hash[8..12], &hash[8..])
}

pub fn product_id(number: u64) -> String {
    format!("019c1430-4400-7000-8000-{number:012}")
}

pub fn order_id(number: u64) -> String {
    format!("019c1431-2e60-7000-8000-{number:012}")
}

pub fn product(number: u64) -> Value {
    let id = product_id(number);
    json!({
        "id": { "S": id }, "name": { "S": format!("IPhone {number:07}") },
        "category": { "S": CATEGORIES[usize::from(number % 2 == 1)] },
        "description": { "S": "A phone with a notch." }, "imageFile": { "S": "product-1.png" },
        "price": money(95040), "version": { "N": "1" },
        "createdAt": { "S": DATE }, "updatedAt": { "S": DATE },
        "changeId": { "S": id }, "correlationId": { "S": id },
    })
}

/// The copy of a product that baskets use.
pub fn offer(number: u64) -> Value {
    json!({
        "productId": { "S": product_id(number) }, "version": { "N": "1" },
        "onSale": { "M": { "name": { "S": format!("IPhone {number:07}") }, "price": money(95040) } },
    })
}

/// The lists of the search that the requests read, with the field of the word.
const LISTS: [(&str, u8); 4] = [("i", 0), ("iphone", 0), ("notch", 2), ("phone", 1)];

/// A product in the search: its row, and its postings in the lists that the requests read.
pub fn indexed(number: u64) -> Vec<Value> {
    let (id, title) = (product_id(number), format!("iphone-{number:07}"));
    let words = json!({ "S": format!(" iphone {number:07} | phone | a with notch ") });
    let row = json!({
        "item": { "S": format!("product#{id}") }, "sort": { "S": "product" }, "version": { "N": "1" },
        "indexed": { "M": {
            "product": { "M": {
                "id": { "S": id }, "name": { "S": format!("IPhone {number:07}") }, "category": { "S": "Phone" },
                "imageFile": { "S": "product-1.png" }, "price": money(95040),
            } },
            "terms": { "M": { "title": { "S": title }, "words": words } },
        } },
    });
    let posting = |(list, field): (&str, u8)| {
        json!({
            "item": { "S": format!("list#{list}") }, "sort": { "S": format!("{field}#{title}#{id}") },
            "words": words,
        })
    };
    LISTS.into_iter().map(posting).chain([row]).collect()
}

/// A basket with a line for each of these products.
pub fn basket(user_name: &str, products: impl IntoIterator<Item = u64>) -> Value {
    let line = |number| {
        let id = product_id(number);
        json!({ "M": {
            "itemId": { "S": id }, "productId": { "S": id }, "color": { "S": "Red" },
            "quantity": { "N": "2" }, "priceWhenAdded": money(95040),
        } })
    };
    json!({
        "customerId": { "S": customer_id(user_name) }, "userName": { "S": user_name },
        "lines": { "L": products.into_iter().map(line).collect::<Vec<_>>() },
        "version": { "S": product_id(1) }, "before": { "L": [] }, "updatedAt": { "S": DATE },
        "expiresAt": { "N": "4102444800" },
    })
}

/// An order with two lines.
pub fn order(user_name: &str, number: u64) -> Value {
    let line = |number| {
        json!({ "M": {
            "productId": { "S": product_id(number) }, "productName": { "S": format!("IPhone {number:07}") },
            "color": { "S": "Red" }, "quantity": { "N": "2" }, "price": money(95040),
        } })
    };
    json!({
        "customerId": { "S": customer_id(user_name) }, "userName": { "S": user_name },
        "orderId": { "S": order_id(number) }, "status": { "S": "PENDING" },
        "orderDate": { "S": DATE }, "lines": { "L": [line(1), line(2)] }, "totalPrice": money(380_160),
        "recipient": { "M": {
            "firstName": { "S": "Grace" }, "lastName": { "S": "Hopper" },
            "email": { "S": "name@example.com" }, "address": { "S": "1 Harbour Street" },
        } },
        "payment": { "M": { "method": { "S": "CARD" }, "token": { "S": "tok_visa" } } },
        "correlationId": { "S": product_id(1) },
    })
}

/// The contact of an order.
pub fn contact(user_name: &str, number: u64) -> Value {
    let mut row = order(user_name, number);
    let Some(fields) = row.as_object_mut() else { return row };
    fields.retain(|name, _| ["customerId", "orderId", "lines", "totalPrice"].contains(&name.as_str()));
    fields.insert("firstName".to_owned(), json!({ "S": "Grace" }));
    fields.insert("email".to_owned(), json!({ "S": "name@example.com" }));
    row
}

fn money(minor: u64) -> Value {
    json!({ "M": { "minor": { "N": minor.to_string() }, "currency": { "S": "USD" } } })
}
