//! Facts that are told again, as `cargo xtask replay` has it.

use serde_json::{Value, json};
use shop_tests::{Shop, eventually};

/// All that the shop knows of an order and its product.
fn known(staff: &Shop, customer: &Shop, receipt: &Value, product: &str) -> Vec<Value> {
    let order = receipt["orderId"].as_str().unwrap();
    let paths = ["payment", "shipment", "audit"].map(|path| format!("/{path}/{order}"));
    let stock = format!("/stock/{product}");
    let mut known: Vec<_> = paths.iter().map(|path| staff.get(path).expect(200).body).collect();
    known.extend([staff.get(&stock).expect(200).body, customer.order(receipt).body]);
    known
}

#[test]
fn facts_that_are_told_again_change_no_order_and_no_stock() {
    let staff = Shop::new();
    let (customer, product) = (staff.customer(), staff.product_in_stock("Lamp", "19.90", 5));
    let receipt = customer.buy(&product, 2, &json!({}));
    customer.order_that_is("DELIVERED", &receipt);
    // The workflow may say later than the parcel arrives that its pieces left, and the audit hears of it last of all.
    let before = eventually("all that there is to know", || {
        let known = known(&staff, &customer, &receipt, &product);
        let told = serde_json::to_string(&known).unwrap();
        [r#""shipped":2"#, "OrderDelivered"].iter().all(|last| told.contains(last)).then_some(known)
    });

    let replay = staff.xtask(&["replay", "--since", "10m"]);
    let said = String::from_utf8_lossy(&replay.stdout);
    assert!(replay.status.success(), "{said}{}", String::from_utf8_lossy(&replay.stderr));
    assert!(said.contains("Told again what was told since"), "{said}");

    // What was told before is heard before what is told of another order.
    let other = staff.product_in_stock("Chair", "5.00", 5);
    customer.order_that_is("DELIVERED", &customer.buy(&other, 1, &json!({})));
    assert_eq!(known(&staff, &customer, &receipt, &product), before);
}
