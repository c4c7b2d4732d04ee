//! Orders with more products than fit in one transaction.

use futures::future::join_all;
use testkit::faults::{Fault, Rule};

use crate::{Warehouse, done, id, large_faulty_warehouse, refused, warehouse};

/// This many products, each with this many units.
async fn products(shop: &Warehouse, count: usize, units: u64) -> Vec<String> {
    let mut products = join_all((0..count).map(|_| shop.product(units))).await;
    // Units are reserved in this order.
    products.sort();
    products
}

async fn each(shop: &Warehouse, products: &[String], counts: crate::Counts) {
    for product in products {
        assert_eq!(shop.counts(product).await, counts);
    }
}

fn two_of_each(products: &[String]) -> Vec<(&str, u64)> {
    products.iter().map(|product| (product.as_str(), 2)).collect()
}

#[tokio::test]
async fn an_order_of_120_products_goes_all_the_way_and_all_the_way_back() {
    let shop = warehouse().await;
    let products = products(&shop, 120, 5).await;
    for _ in 0..2 {
        assert_eq!(
            shop.reserve("019c1431-2e60-7000-8000-000000000001", &two_of_each(&products)).await,
            done("RESERVED")
        );
    }
    each(&shop, &products, [3, 2, 5, 0]).await;
    for _ in 0..2 {
        assert_eq!(shop.ship("019c1431-2e60-7000-8000-000000000001").await, done("SHIPPED"));
    }
    each(&shop, &products, [3, 0, 5, 2]).await;
    let order = id();
    shop.reserve(&order, &two_of_each(&products)).await.unwrap();
    for _ in 0..2 {
        assert_eq!(shop.release(&order).await, done("RELEASED"));
    }
    each(&shop, &products, [3, 0, 5, 2]).await;
}

#[tokio::test]
async fn a_shortage_in_the_second_part_puts_the_first_back() {
    let shop = warehouse().await;
    let mut products = products(&shop, 119, 5).await;
    let scarce = shop.product(1).await;
    assert!(scarce > products[118], "ids sort by time, so it is in the second part");
    products.push(scarce.clone());
    let order = id();
    for _ in 0..2 {
        assert_eq!(shop.reserve(&order, &two_of_each(&products)).await, done("OUT_OF_STOCK"));
        each(&shop, &products[..119], [5, 0, 5, 0]).await;
        assert_eq!(shop.counts(&scarce).await, [1, 0, 1, 0]);
    }
}

#[tokio::test]
async fn a_reservation_that_broke_off_between_parts_is_finished_by_the_next_step() {
    let (shop, faults) = large_faulty_warehouse().await;
    let products = products(&shop, 120, 9).await;
    let broken_off = async |order: &str| {
        // Only the first part succeeds.
        faults.add(Rule::new(Fault::Refuse).on("TransactWriteItems").after(1));
        assert_eq!(shop.reserve(order, &two_of_each(&products)).await, refused("Unavailable"));
        faults.clear();
        assert_eq!(shop.counts(&products[0]).await[1], 2);
        assert_eq!(shop.counts(&products[119]).await[1], 0);
    };
    let released = id();
    broken_off(&released).await;
    assert_eq!(shop.ship(&released).await, refused("Broken"), "not all of it is reserved");
    assert_eq!(shop.release(&released).await, done("RELEASED"));
    each(&shop, &products, [9, 0, 9, 0]).await;
    assert_eq!(shop.reserve(&released, &two_of_each(&products)).await, done("RELEASED"));

    let reserved = id();
    broken_off(&reserved).await;
    assert_eq!(shop.reserve(&reserved, &two_of_each(&products)).await, done("RESERVED"));
    each(&shop, &products, [7, 2, 9, 0]).await;

    faults.add(Rule::new(Fault::Refuse).on("TransactWriteItems").after(1));
    assert_eq!(shop.ship(&reserved).await, refused("Unavailable"));
    faults.clear();
    assert_eq!(shop.release(&reserved).await, done("SHIPPED"), "it is on its way out");
    assert_eq!(shop.ship(&reserved).await, done("SHIPPED"));
    each(&shop, &products, [7, 0, 9, 2]).await;
}

#[tokio::test]
async fn a_refusal_that_broke_off_is_finished_before_it_is_told() {
    let (shop, faults) = large_faulty_warehouse().await;
    let products = products(&shop, 100, 5).await;
    let (first, order) = (id(), id());
    // The last product is a part of its own, and no unit of it is left.
    shop.reserve(&first, &[(&products[99], 5)]).await.unwrap();
    faults.add(Rule::new(Fault::Refuse).on("TransactWriteItems").after(2));
    assert_eq!(shop.reserve(&order, &two_of_each(&products)).await, refused("Unavailable"));
    faults.clear();
    assert_eq!(shop.counts(&products[0]).await, [3, 2, 5, 0]);
    assert_eq!(shop.reserve(&order, &two_of_each(&products)).await, done("OUT_OF_STOCK"));
    each(&shop, &products[..99], [5, 0, 5, 0]).await;
}

#[tokio::test]
async fn copies_of_one_large_call_share_the_work() {
    let shop = warehouse().await;
    let products = products(&shop, 120, 5).await;
    let (order, units) = (id(), two_of_each(&products));
    let answers = join_all((0..5).map(|_| shop.reserve(&order, &units))).await;
    assert_eq!(answers, vec![done("RESERVED"); 5]);
    each(&shop, &products, [3, 2, 5, 0]).await;
}
