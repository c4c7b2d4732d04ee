//! One checkout creates one order.

use std::collections::HashSet;
use std::thread;

use shop_tests::{Answer, Shop};

fn at_once(times: usize, request: impl Fn() -> Answer + Sync) -> Vec<Answer> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..times).map(|_| scope.spawn(&request)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn orders(customer: &Shop) -> usize {
    customer.get(&format!("/order/{}", customer.user())).expect(200).body["items"].as_array().unwrap().len()
}

#[test]
fn the_same_checkout_sent_twice_is_one_order_with_one_answer() {
    let shop = Shop::new();
    let customer = shop.customer();
    let phone = shop.product("IPhone X", "950.40");
    customer.add(&phone, 1);
    let key = [("idempotency-key", "k-1")];
    let first = customer.check_out(&key).expect(202);
    let again = customer.check_out(&key).expect(202);
    assert_eq!(again.text, first.text);
    customer.order(&first.body);
    assert_eq!(orders(&customer), 1);
}

#[test]
fn twenty_checkouts_of_one_basket_are_one_order() {
    let shop = Shop::new();
    let customer = shop.customer();
    let phone = shop.product("IPhone X", "950.40");
    customer.add(&phone, 1);
    let answers = at_once(20, || customer.check_out(&[]));
    let accepted: Vec<_> = answers.iter().filter(|answer| answer.status == 202).collect();
    assert_eq!(accepted.len(), 1);
    for refused in answers.iter().filter(|answer| answer.status != 202) {
        assert_eq!(refused.status, 409, "{}", refused.text);
    }
    customer.order(&accepted[0].body);
    assert_eq!(orders(&customer), 1);
}

#[test]
fn twenty_copies_of_one_request_get_one_answer() {
    let shop = Shop::new();
    let customer = shop.customer();
    let phone = shop.product("IPhone X", "950.40");
    customer.add(&phone, 1);
    let answers = at_once(20, || customer.check_out(&[("idempotency-key", "k-1")]).expect(202));
    let receipts: HashSet<_> = answers.iter().map(|answer| &answer.text).collect();
    assert_eq!(receipts.len(), 1);
    customer.order(&answers[0].body);
    assert_eq!(orders(&customer), 1);
}
