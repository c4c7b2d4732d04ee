//! What customers may ask of their own data.

use serde_json::{Value, json};
use shop_tests::{Answer, Shop, eventually};

/// The customer's export, once it is there.
fn export(customer: &Shop) -> Answer {
    let answer = customer.get("/me/export").expect(202);
    assert_eq!(answer.header("retry-after"), "2");
    assert_eq!(answer.body["status"], "COLLECTING");
    eventually("the export", || {
        let export = customer.get("/me/export");
        (export.status != 202).then_some(export)
    })
    .expect(200)
}

/// A customer with an order and something in their basket; and the order.
fn customer(staff: &Shop) -> (Shop, Value) {
    let customer = staff.customer();
    let product = staff.product_in_stock("Lamp", "19.90", 2);
    customer.add(&product, 2);
    let receipt = customer.check_out(&[]).expect(202).body;
    // Nothing happens to it any more.
    let order = customer.order_that_is("DELIVERED", &receipt).body;
    customer.add(&product, 1);
    (customer, order)
}

/// All orders of the shop, page by page.
fn all_orders(staff: &Shop, list: &str) -> Vec<Value> {
    let (mut orders, mut next) = (Vec::new(), list.to_owned());
    loop {
        let page = staff.get(&next).expect(200).body;
        orders.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(cursor) = page["nextCursor"].as_str() else { return orders };
        next = format!("{list}&cursor={cursor}");
    }
}

#[test]
fn customers_get_all_that_the_shop_keeps_of_them_and_nobody_elses() {
    let staff = Shop::new();
    let ((grace, order), (another, _)) = (customer(&staff), customer(&staff));
    let export = export(&grace);
    assert_eq!(export.body["userName"], grace.user());
    assert_eq!(export.body["account"], json!({ "email": format!("{}@example.com", grace.user()) }));
    assert_eq!(export.body["orders"], json!([order]));
    assert_eq!(export.body["basket"]["items"][0]["quantity"], 1);
    assert!(!export.text.contains(another.user()));
    assert_eq!(grace.get("/me/export").text, export.text, "it stays as it is for a day");
    assert_eq!(staff.nobody().get("/me/export").expect(401).problem(), "unauthorized");
    assert_eq!(staff.nobody().send("DELETE", "/me", &[], "").expect(401).problem(), "unauthorized");
}

#[test]
fn customers_who_leave_are_forgotten_and_their_orders_stay_without_them() {
    let staff = Shop::new();
    let ((grace, order), (another, kept)) = (customer(&staff), customer(&staff));
    export(&grace);
    let erasing = grace.send("DELETE", "/me", &[], "").expect(202);
    assert_eq!(erasing.body["status"], "ERASING");
    grace.send("DELETE", "/me", &[], "").expect(202);
    eventually("an account that is gone", || (!grace.has_account()).then_some(()));

    assert_eq!(grace.basket().body["items"], json!([]));
    assert_eq!(grace.get(&format!("/order/{}", grace.user())).expect(200).body["items"], json!([]));
    let id = order["orderId"].as_str().unwrap();
    grace.get(&format!("/order/{}/{id}", grace.user())).expect(404);
    for list in ["/order?limit=100", "/order?status=DELIVERED&limit=100"] {
        let orders = all_orders(&staff, list);
        let left = orders.iter().find(|order| order["orderId"] == id).unwrap();
        for same in ["items", "totalPrice", "currency", "orderDate", "status", "history"] {
            assert_eq!(left[same], order[same], "{list}");
        }
        for (field, words) in [("userName", "erased"), ("firstName", "erased"), ("address", "erased")] {
            assert_eq!(left[field], words, "{list}");
        }
        assert!(!orders.iter().any(|order| order["userName"] == grace.user()), "{list}");
    }
    // Somebody else can have the name, and gets nothing with it.
    let namesake = staff.customer_named(grace.user());
    let export = export(&namesake);
    assert_eq!(export.body["orders"], json!([]));
    assert_eq!(export.body["basket"]["items"], json!([]));
    // Nobody else lost anything.
    assert!(another.has_account());
    assert_eq!(another.basket().body["items"].as_array().unwrap().len(), 1);
    let path = format!("/order/{}/{}", another.user(), kept["orderId"].as_str().unwrap());
    assert_eq!(another.get(&path).expect(200).body, kept);
}
