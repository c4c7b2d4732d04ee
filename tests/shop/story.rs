use serde_json::json;
use shop_tests::{Shop, eventually};
use uuid::Uuid;

#[test]
fn a_customer_buys_two_phones_and_a_camera() {
    let shop = Shop::new();
    let customer = shop.customer();
    shop.nobody().get("/health").expect(200);
    let phone = shop.product_in_stock("IPhone X", "999.99", 3);
    let camera = shop.product_in_stock("Leica", "870", 1);
    customer.add(&phone, 2);
    customer.add(&camera, 1);
    let basket = customer.basket();
    assert!(basket.text.contains(r#""subtotal":2869.98"#), "{}", basket.text);

    let product = shop.send("PATCH", &format!("/product/{phone}"), &[], r#"{"price": 950.40}"#).expect(200);
    assert_eq!(product.header("etag"), "\"2\"");
    let basket = eventually("the new price in the basket", || {
        let basket = customer.basket();
        (basket.body["items"][0]["priceChanged"] == true).then_some(basket)
    });
    assert!(basket.text.contains(r#""subtotal":2770.80"#), "{}", basket.text);

    let accepted = customer.check_out(&[("x-correlation-id", "story-1")]).expect(202);
    assert!(accepted.text.contains(r#""totalPrice":2770.80"#), "{}", accepted.text);
    assert_eq!(accepted.header("x-correlation-id"), "story-1");
    assert_eq!(customer.basket().body["items"], json!([]));

    let order = customer.order_that_is("DELIVERED", &accepted.body);
    assert_eq!(order.body["history"][0]["status"], "PENDING");
    assert!(order.text.contains(r#""totalPrice":2770.80"#), "{}", order.text);
    assert_eq!(order.body["orderDate"], accepted.body["orderDate"]);
    assert_eq!(order.body["correlationId"], "story-1", "from the request to the order");
    assert_eq!(order.body["items"][0]["productName"], "IPhone X");
    assert_eq!(order.body["items"].as_array().unwrap().len(), 2);

    let date = order.body["orderDate"].as_str().unwrap();
    let found = customer.get(&format!("/order/{}?orderDate={date}", customer.user())).expect(200);
    assert_eq!(found.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(found.body["items"][0]["orderId"], accepted.body["orderId"]);
}

#[test]
fn a_product_that_is_deleted_leaves_every_basket_unbuyable() {
    let shop = Shop::new();
    let customer = shop.customer();
    let phone = shop.product("IPhone X", "950.40");
    customer.add(&phone, 1);
    shop.send("DELETE", &format!("/product/{phone}"), &[], "").expect(204);
    shop.get(&format!("/product/{phone}")).expect(404);
    eventually("the product to leave the basket", || {
        let basket = customer.basket();
        (basket.body["items"][0]["available"] == false).then_some(())
    });
    assert_eq!(customer.check_out(&[]).expect(409).problem(), "not-sold");
}

#[test]
fn staff_find_a_product_in_its_category_and_do_not_overwrite_each_other() {
    let shop = Shop::new();
    let category = Uuid::now_v7();
    let product = json!({ "name": "Lamp", "category": category, "price": 19.9 });
    let created = shop.post("/product", &product).expect(201);
    let path = format!("/product/{}", created.body["id"].as_str().unwrap());
    let found = eventually("the product in its category", || {
        let page = shop.get(&format!("/product?category={category}")).expect(200).body;
        page["items"].get(0).cloned()
    });
    assert_eq!(found, created.body);
    shop.send("PUT", &path, &[("if-match", "\"1\"")], &product).expect(200);
    let refused = shop.send("PUT", &path, &[("if-match", "\"1\"")], &product).expect(412);
    assert_eq!(refused.problem(), "precondition-failed");
}
