//! Replay of archived events with `cargo xtask replay`.

use serde_json::{Value, json};
use shop_tests::{Shop, eventually};

/// All views of an order and its product.
fn known(staff: &Shop, customer: &Shop, receipt: &Value, product: &str) -> [Value; 5] {
    let order = receipt["orderId"].as_str().unwrap();
    let [payment, shipment, audit] =
        ["payment", "shipment", "audit"].map(|path| staff.get(&format!("/{path}/{order}")).expect(200).body);
    let stock = staff.get(&format!("/stock/{product}")).expect(200).body;
    [payment, shipment, audit, stock, customer.order(receipt).body]
}

#[test]
fn events_that_are_told_again_change_no_order_and_no_stock() {
    let staff = Shop::new();
    let (customer, product) = (staff.customer(), staff.product_in_stock("Lamp", "19.90", 5));
    let receipt = customer.buy(&product, 2, &json!({}));
    customer.order_that_is("DELIVERED", &receipt);
    // The shipped stock can be recorded after the parcel arrives, and the audit is updated last.
    let before = eventually("all that there is to know", || {
        let known = known(&staff, &customer, &receipt, &product);
        let [_, _, audit, stock, _] = &known;
        (stock["shipped"] == 2 && audit["items"].as_array().unwrap().len() == 5).then_some(known)
    });

    let replay = staff.xtask(&["replay", "--since", "10m"]);
    let said = String::from_utf8_lossy(&replay.stdout);
    assert!(replay.status.success(), "{said}{}", String::from_utf8_lossy(&replay.stderr));
    assert!(said.contains("Published again what was published since"), "{said}");

    // Replayed events are processed before events of a new order.
    let other = staff.product_in_stock("Chair", "5.00", 5);
    customer.order_that_is("DELIVERED", &customer.buy(&other, 1, &json!({})));
    assert_eq!(known(&staff, &customer, &receipt, &product), before);
}
