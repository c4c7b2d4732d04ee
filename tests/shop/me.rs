//! Requests of customers about their own data.

use serde_json::{Value, json};
use shop_tests::{Answer, Shop, eventually};

/// The customer's export, once it is ready.
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

/// A customer with an order and a product in their basket, and that order.
fn customer(staff: &Shop) -> (Shop, Value) {
    let customer = staff.customer();
    let product = staff.product_in_stock("Lamp", "19.90", 2);
    customer.add(&product, 2);
    let receipt = customer.check_out(&[]).expect(202).body;
    // The order is final.
    let order = customer.order_that_is("DELIVERED", &receipt).body;
    customer.add(&product, 1);
    (customer, order)
}

#[test]
fn customers_get_all_that_the_shop_keeps_of_them_and_nobody_elses() {
    let staff = Shop::new();
    let ((grace, order), (another, _)) = (customer(&staff), customer(&staff));
    let export = export(&grace);
    assert_eq!(export.body["customerId"], grace.id());
    let account = json!({ "userName": grace.user(), "email": format!("{}@example.com", grace.user()) });
    assert_eq!(export.body["account"], account);
    assert_eq!(export.body["data"]["ordering"], json!([order]));
    assert_eq!(export.body["data"]["basket"][0]["items"][0]["quantity"], 1);
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
        let orders = staff.pages(list);
        let left = orders.iter().find(|order| order["orderId"] == id).unwrap();
        for same in ["items", "totalPrice", "currency", "orderDate", "status", "history"] {
            assert_eq!(left[same], order[same], "{list}");
        }
        for (field, words) in [("userName", "erased"), ("firstName", "erased"), ("address", "erased")] {
            assert_eq!(left[field], words, "{list}");
        }
        assert!(!orders.iter().any(|order| order["userName"] == grace.user()), "{list}");
    }
    // Another customer can take the name, and sees no data of the first.
    let namesake = staff.customer_named(grace.user());
    let export = export(&namesake);
    for (holder, data) in export.body["data"].as_object().unwrap() {
        assert_eq!(data, &json!([]), "{holder}");
    }
    // No other customer lost data.
    assert!(another.has_account());
    assert_eq!(another.basket().body["items"].as_array().unwrap().len(), 1);
    let path = format!("/order/{}/{}", another.user(), kept["orderId"].as_str().unwrap());
    assert_eq!(another.get(&path).expect(200).body, kept);
}

/// The ways in which an account is deleted.
#[derive(Clone, Copy, Debug)]
enum Departure {
    DeleteMe,
    DeleteUser,
    Administrator,
}

#[test]
fn the_next_owner_of_a_name_sees_nothing_of_the_first_whichever_way_the_account_went() {
    let staff = Shop::new();
    for departure in [Departure::DeleteMe, Departure::DeleteUser, Departure::Administrator] {
        let (first, order) = customer(&staff);
        let id = first.id();
        match departure {
            Departure::DeleteMe => drop(first.send("DELETE", "/me", &[], "").expect(202)),
            Departure::DeleteUser => first.delete_account(),
            Departure::Administrator => staff.delete_account_of(first.user()),
        }
        eventually("an account that is gone", || (!first.has_account()).then_some(()));
        let second = staff.customer_named(first.user());
        assert_ne!(second.id(), id, "{departure:?}");
        assert_eq!(second.basket().body["items"], json!([]), "{departure:?}");
        let orders = format!("/order/{}", second.user());
        assert_eq!(second.get(&orders).expect(200).body["items"], json!([]), "{departure:?}");
        second.get(&format!("{orders}/{}", order["orderId"].as_str().unwrap())).expect(404);
        second.post(&format!("{orders}/{}/cancel", order["orderId"].as_str().unwrap()), "").expect(404);
        let product = order["items"][0]["productId"].as_str().unwrap();
        second.add(product, 1);

        // The first customer's data is erased by id, twice, and never the second's.
        let erase = || staff.send("DELETE", &format!("/customer/{id}"), &[], "").expect(202).body;
        let mut erasure = erase();
        for _ in 0..2 {
            // A finished erasure is followed by a new one.
            erasure = eventually("an erasure that is done", || {
                let next = erase();
                (next["requestId"] != erasure["requestId"]).then_some(next)
            });
        }
        let left = staff.get(&format!("{orders}?customerId={id}")).expect(200).body;
        assert_eq!(left["items"], json!([]), "{departure:?}");
        assert!(second.has_account(), "{departure:?}");
        assert_eq!(second.basket().body["items"].as_array().unwrap().len(), 1, "{departure:?}");
    }
}

#[test]
fn names_that_the_shop_does_not_take_cannot_sign_up() {
    let staff = Shop::new();
    let id = "8a2fd9b6-6a0e-4f3a-9a3b-0d5c4f3f2b1a";
    for name in ["\u{fc}nal", "\u{65e5}\u{672c}", "o'neil", "a/b", "erased", "checkout", "a b", id] {
        let refused = staff.refused_sign_up(name);
        assert!(refused.contains("UserLambdaValidationException"), "{name}: {refused}");
        assert!(refused.contains("letters"), "{name}: {refused}");
    }
}
