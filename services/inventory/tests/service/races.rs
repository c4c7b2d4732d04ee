use std::collections::BTreeMap;

use futures::future::join_all;

use crate::{Warehouse, done, id, refused, warehouse};

/// The number of answers of each kind.
async fn tally(
    answers: impl IntoIterator<Item = impl Future<Output = Result<String, String>>>,
) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for answer in join_all(answers).await {
        *tally.entry(answer.unwrap_or_else(|error| error)).or_insert(0) += 1;
    }
    tally
}

fn counted<const N: usize>(answers: [(&str, usize); N]) -> BTreeMap<String, usize> {
    answers.map(|(answer, times)| (answer.to_owned(), times)).into()
}

async fn reserve_one(shop: &Warehouse, product: &str) -> Result<String, String> {
    shop.reserve(&id(), &[(product, 1)]).await
}

#[tokio::test]
async fn as_many_concurrent_orders_win_as_there_are_units() {
    for units in [1, 7] {
        let shop = warehouse().await;
        let lamp = shop.product(units).await;
        let won = usize::try_from(units).unwrap();
        let tally = tally((0..40).map(|_| reserve_one(&shop, &lamp))).await;
        assert_eq!(tally, counted([("RESERVED", won), ("OUT_OF_STOCK", 40 - won)]));
        assert_eq!(shop.counts(&lamp).await, [0, units, units, 0]);
    }
}

#[tokio::test]
async fn twenty_copies_of_one_call_set_the_units_aside_once() {
    let shop = warehouse().await;
    let (lamp, order) = (shop.product(30).await, id());
    let units = [(lamp.as_str(), 3)];
    let answers = tally((0..20).map(|_| shop.reserve(&order, &units))).await;
    assert_eq!(answers, counted([("RESERVED", 20)]));
    assert_eq!(shop.counts(&lamp).await, [27, 3, 30, 0]);
    assert_eq!(tally((0..20).map(|_| shop.ship(&order))).await, counted([("SHIPPED", 20)]));
    assert_eq!(shop.counts(&lamp).await, [27, 0, 30, 3]);
}

#[tokio::test]
async fn whichever_comes_first_of_reserving_and_releasing_nothing_stays_aside() {
    let shop = warehouse().await;
    let lamp = shop.product(30).await;
    for _ in 0..10 {
        let order = id();
        let units = [(lamp.as_str(), 3)];
        let (reserved, released) = futures::join!(shop.reserve(&order, &units), shop.release(&order));
        assert!([done("RESERVED"), done("RELEASED")].contains(&reserved), "{reserved:?}");
        assert_eq!(released, done("RELEASED"));
        assert_eq!(shop.counts(&lamp).await, [30, 0, 30, 0]);
    }
}

#[tokio::test]
async fn units_either_leave_or_go_back() {
    let shop = warehouse().await;
    let lamp = shop.product(30).await;
    let mut left = 0;
    for _ in 0..10 {
        let order = id();
        shop.reserve(&order, &[(&lamp, 2)]).await.unwrap();
        let (shipped, released) = futures::join!(shop.ship(&order), shop.release(&order));
        if released == done("SHIPPED") {
            assert_eq!(shipped, done("SHIPPED"));
            left += 2;
        } else {
            assert_eq!((shipped, released), (refused("Released"), done("RELEASED")));
        }
        assert_eq!(shop.counts(&lamp).await, [30 - left, 0, 30, left]);
    }
}
