//! Authorization as in the table of docs/security.md, cell by cell, through the real authorizer.

use serde_json::{Value, json};
use shop_tests::{Shop, checkout};
use uuid::Uuid;

const SECURITY: &str = include_str!("../../docs/security.md");

/// The callers, in the order of the table's columns.
struct Callers {
    nobody: Shop,
    customer: Shop,
    another: Shop,
    staff: Shop,
}

/// The customer's resources that paths name.
struct Things {
    order: String,
    product: String,
}

/// A route, and the status for each caller.
struct Row {
    method: String,
    path: String,
    statuses: [u16; 4],
}

fn table() -> Vec<Row> {
    let rows = SECURITY.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let (method, path) = cells[0].trim_matches('`').split_once(' ').unwrap();
        let statuses = [1, 2, 3, 4].map(|column| cells[column].parse().unwrap());
        Row { method: method.to_owned(), path: path.to_owned(), statuses }
    })
    .collect()
}

/// Makes sure that a product is in stock and a unit of it in the customer's basket.
fn prepare(staff: &Shop, customer: &Shop, things: &mut Things) -> String {
    if staff.get(&format!("/product/{}", things.product)).status == 404 {
        things.product = staff.product_in_stock("Lamp", "19.90", 100);
    }
    let basket =
        json!({ "userName": customer.user(), "items": [{ "productId": things.product, "quantity": 1 }] });
    let basket = customer.post("/basket", basket).expect(200);
    basket.body["items"][0]["itemId"].as_str().unwrap().to_owned()
}

/// An order with a delayed charge, so that it can be cancelled.
fn waiting_order(customer: &Shop, product: &str) -> String {
    let receipt = customer.buy(product, 1, &json!({ "paymentToken": "tok_delayed" }));
    customer.order(&receipt).body["orderId"].as_str().unwrap().to_owned()
}

fn body(row: &Row, user: &str, product: &str) -> Value {
    let item = json!({ "productId": product, "quantity": 1 });
    match (row.method.as_str(), row.path.as_str()) {
        ("GET" | "DELETE", _) | ("POST", "/order/{userName}/{orderId}/cancel") => Value::Null,
        ("POST" | "PUT", "/product" | "/product/{id}") => {
            json!({ "name": "Lamp", "category": "x", "price": 1 })
        }
        ("PATCH", "/product/{id}") => json!({ "price": 2 }),
        ("POST", "/basket") => json!({ "userName": user, "items": [item] }),
        ("POST", "/basket/checkout") => checkout(user),
        ("POST", "/basket/{userName}/items") => item,
        ("PATCH", "/basket/{userName}/items/{itemId}") => json!({ "quantity": 2 }),
        ("POST", "/stock/{productId}/receipts") => json!({ "quantity": 1 }),
        // This route needs a signature, which none of the callers has.
        ("POST", "/payment/webhook") => json!({ "type": "charge.settled", "data": {} }),
        (method, path) => panic!("this test knows no body for {method} {path}"),
    }
}

#[test]
fn each_caller_may_do_what_the_table_says_and_nothing_else() {
    let staff = Shop::new();
    let callers =
        Callers { nobody: staff.nobody(), customer: staff.customer(), another: staff.customer(), staff };
    let (staff, user) = (&callers.staff, callers.customer.user());
    let (id, gone) = (callers.customer.id(), "8a2fd9b6-6a0e-4f3a-9a3b-0d5c4f3f2b1a");
    let product = staff.product_in_stock("Lamp", "19.90", 100);
    let receipt = callers.customer.buy(&product, 1, &json!({}));
    callers.customer.order_that_is("DELIVERED", &receipt);
    let mut things = Things { order: receipt["orderId"].as_str().unwrap().to_owned(), product };

    let delivery = Uuid::now_v7().to_string();
    let table = table();
    assert!(table.len() > 17, "the table was not found");
    for row in table {
        let columns = [&callers.nobody, &callers.customer, &callers.another, &callers.staff];
        for (column, (caller, status)) in columns.into_iter().zip(row.statuses).enumerate() {
            let item = prepare(staff, &callers.customer, &mut things);
            // An order can be cancelled once.
            let young =
                row.path.ends_with("/cancel").then(|| waiting_order(&callers.customer, &things.product));
            let order = young.as_ref().unwrap_or(&things.order);
            let path = row
                .path
                .replace("{userName}", user)
                .replace("{customerId}", gone)
                .replace("{itemId}", &item)
                .replace("{orderId}", order)
                .replace("{productId}", &things.product)
                .replace("{id}", &things.product);
            // Staff name the customer by id.
            let names_customer = row.path.contains("{userName}") || row.path.starts_with("/basket/checkout");
            let of_customer = names_customer || (row.method == "POST" && row.path == "/basket");
            let path = if column == 3 && of_customer { format!("{path}?customerId={id}") } else { path };
            let path = if row.path == "/search" { format!("{path}?q=phone") } else { path };
            let body = body(&row, user, &things.product);
            let body = if body.is_null() { String::new() } else { body.to_string() };
            let names_delivery = row.path.ends_with("/receipts");
            let key = names_delivery.then_some(("idempotency-key", delivery.as_str()));
            let answer = caller.send(&row.method, &path, key.as_slice(), body);
            assert_eq!(answer.status, status, "{} {} column {column}: {}", row.method, row.path, answer.text);
            let problem = answer.header("content-type") == "application/problem+json";
            let own_words = staff.has_http_api() && status == 401 && answer.body["message"].is_string();
            assert_eq!(status >= 400, problem || own_words, "{} {} column {column}", row.method, row.path);
        }
    }
}

#[test]
fn other_customers_orders_look_like_missing_ones() {
    let staff = Shop::new();
    let (owner, other_customer) = (staff.customer(), staff.customer());
    let product = staff.product("Lamp", "19.90");
    owner.add(&product, 1);
    let receipt = owner.check_out(&[]).expect(202).body;
    owner.order(&receipt);
    let theirs = format!("/order/{}/{}", owner.user(), receipt["orderId"].as_str().unwrap());
    let nobodys = theirs.replace(owner.user(), "nobody-of-that-name");
    let (theirs, nobodys) =
        (other_customer.get(&theirs).expect(404), other_customer.get(&nobodys).expect(404));
    assert_eq!(theirs.body["detail"], nobodys.body["detail"]);
    assert_eq!(theirs.problem(), nobodys.problem());
}
