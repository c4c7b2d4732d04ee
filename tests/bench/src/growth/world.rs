//! The growing data, and the requests measured against it.

use anyhow::{Context, Result, ensure};
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::aws::Aws;
use crate::answer::Expected;
use crate::cases::{basket, ordering, product, search};
use crate::event::{ApiRequest, of_records};
use crate::items;

/// The kind of data that grows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum World {
    Products,
    /// Products in the search, all with the words that are searched for.
    Found,
    /// Customers, each with a basket of two lines.
    Customers,
    /// Orders, each of a different customer.
    Orders,
    OrdersOfOne,
    Lines,
    Messages,
}

/// A table and its initial items.
pub type Seeded = (&'static str, Box<dyn Iterator<Item = Value>>);

/// A request, or a message, that is measured.
pub struct Asked {
    pub what: &'static str,
    pub function: &'static str,
    /// The same request for several customers, products or orders.
    pub events: Vec<Bytes>,
    pub expected: Expected,
    /// The divisor of the cost: the number of messages in an event.
    pub shared_by: usize,
}

/// The number of customers where customers do not grow.
const FEW: u64 = 100;
/// The maximum number of messages in an SQS batch.
const BATCH: usize = 10;

impl World {
    pub const ALL: [Self; 7] = [
        Self::Products,
        Self::Found,
        Self::Customers,
        Self::Orders,
        Self::OrdersOfOne,
        Self::Lines,
        Self::Messages,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Products => "products",
            Self::Found => "products that are found",
            Self::Customers => "customers' baskets",
            Self::Orders => "orders, of as many customers",
            Self::OrdersOfOne => "orders of one customer",
            Self::Lines => "lines in the basket",
            Self::Messages => "messages in the queue",
        }
    }

    pub fn sizes(self, largest: u64) -> Vec<u64> {
        match self {
            Self::Lines => vec![1, 10, 50, 100],
            // From more than a request reads of a list.
            Self::Found => vec![1000, 10_000],
            Self::Messages => vec![10, 1000, 10_000],
            _ => std::iter::successors(Some(100), |size| Some(size * 10))
                .take_while(|size| *size <= largest)
                .collect(),
        }
    }

    /// Whether the cost must stay flat as this grows. Only a basket's lines are all read and paid
    /// for.
    pub fn is_flat(self) -> bool {
        self != Self::Lines
    }

    pub fn tables(self, size: u64) -> Vec<Seeded> {
        match self {
            Self::Products => vec![("PRODUCT_TABLE", Box::new((0..size).map(items::product)))],
            Self::Found => vec![("SEARCH_TABLE", Box::new((0..size).flat_map(items::indexed)))],
            Self::Customers => {
                let basket = move |n| items::basket(&customer(n), [n % size, (n + 1) % size]);
                shopping(Box::new((0..size).map(basket)), size)
            }
            Self::Lines => {
                // Customers who add a line start with one less, and then have as many as the
                // others.
                let lines = move |n| if pick(ADDING, FEW).contains(&n) { size - 1 } else { size };
                let basket = move |n| items::basket(&customer(n), 0..lines(n));
                shopping(Box::new((0..FEW).map(basket)), size + 1)
            }
            Self::Orders => {
                vec![("ORDER_TABLE", Box::new((0..size).map(|n| items::order(&customer(n), n))))]
            }
            Self::OrdersOfOne => {
                vec![("ORDER_TABLE", Box::new((0..size).map(|n| items::order(&customer(0), n))))]
            }
            Self::Messages => {
                vec![("ORDER_TABLE", Box::new((0..FEW).map(|n| items::order(&customer(n), n))))]
            }
        }
    }

    pub async fn requests(self, size: u64, aws: &Aws) -> Result<Vec<Asked>> {
        match self {
            Self::Products => catalogue(size),
            Self::Found => searches(),
            Self::Customers => baskets(size, |customer| (customer + 2) % size),
            Self::Lines => baskets(FEW, |_| size - 1),
            Self::Orders => orders(size, |order| order),
            Self::OrdersOfOne => orders(size, |_| 0),
            Self::Messages => messages(size, aws).await,
        }
    }
}

/// Purposes of customers: reading their baskets, adding to them and checking out.
const READING: u64 = 0;
const ADDING: u64 = 1;
const CHECKING_OUT: u64 = 2;

/// Three numbers near the beginning, the middle and the end, different for each purpose.
fn pick(purpose: u64, size: u64) -> [u64; 3] {
    [purpose, size / 2 + purpose, size - 1 - purpose]
}

fn customer(number: u64) -> String {
    format!("customer-{number:07}")
}

fn shopping(baskets: Box<dyn Iterator<Item = Value>>, products: u64) -> Vec<Seeded> {
    vec![
        ("BASKET_TABLE", baskets),
        ("PRICE_TABLE", Box::new((0..products).map(items::offer))),
        ("CHECKOUT_TABLE", Box::new(std::iter::empty())),
        ("IDEMPOTENCY_TABLE", Box::new(std::iter::empty())),
    ]
}

fn catalogue(size: u64) -> Result<Vec<Asked>> {
    let list = |request: ApiRequest| vec![request.event()];
    let all = ApiRequest::new(product::API_EVENT, "GET", "/product", &[])?;
    let some = ApiRequest::new(product::API_EVENT, "GET", "/product", &[])?;
    let one = |number| {
        let id = items::product_id(number);
        Ok(ApiRequest::new(product::API_EVENT, "GET", "/product/{id}", &[("id", &id)])?.event())
    };
    Ok(vec![
        asked("GET /product", "product-api", list(all)),
        asked("GET /product?category=", "product-api", list(some.query("category", items::CATEGORY))),
        asked("GET /product/{id}", "product-api", each(pick(READING, size), one)?),
    ])
}

fn searches() -> Result<Vec<Asked>> {
    let queries = [
        ("GET /search?q=i", "i"),
        ("GET /search?q=iphone", "iphone"),
        ("GET /search?q=notch+phone", "notch phone"),
    ];
    let search = |(what, query)| {
        let request = ApiRequest::new(search::API_EVENT, "GET", "/search", &[])?.query("q", query);
        Ok(asked(what, "search-api", vec![request.event()]))
    };
    queries.into_iter().map(search).collect()
}

/// `new` returns a product that the customer's basket does not contain yet.
fn baskets(customers: u64, new: impl Fn(u64) -> u64) -> Result<Vec<Asked>> {
    let read = |n| Ok(basket::read_request(&customer(n))?.event());
    let add = |n| Ok(basket::add_request(&customer(n), new(n))?.event());
    let check_out = |n| Ok(basket::checkout_request(&customer(n))?.event());
    Ok(vec![
        asked("GET /basket/{userName}", "basket-api", each(pick(READING, customers), read)?),
        asked("POST /basket/{userName}/items", "basket-api", each(pick(ADDING, customers), add)?),
        Asked {
            expected: Expected::Status(202),
            ..asked("POST /basket/checkout", "basket-api", each(pick(CHECKING_OUT, customers), check_out)?)
        },
    ])
}

fn orders(size: u64, whose: impl Fn(u64) -> u64) -> Result<Vec<Asked>> {
    let of_customer = |n| {
        let user = customer(whose(n));
        let path = [("userName", &*user)];
        Ok(ApiRequest::new(ordering::API_EVENT, "GET", "/order/{userName}", &path)?
            .signed_in(&user, "")
            .event())
    };
    let one = |n| Ok(ordering::read_request(&customer(whose(n)), n)?.event());
    let staff = || {
        Ok::<_, anyhow::Error>(
            ApiRequest::new(ordering::API_EVENT, "GET", "/order", &[])?.signed_in("ada", "staff"),
        )
    };
    let new = |n| {
        let message = ordering::checked_out(&customer(whose(n)), size + n)?;
        Ok(of_records([ordering::record("1", &message)?]))
    };
    let pending = staff()?.query("status", "PENDING").event();
    Ok(vec![
        asked("GET /order/{userName}", "ordering-api", each(pick(READING, size), of_customer)?),
        asked("GET /order/{userName}/{orderId}", "ordering-api", each(pick(READING, size), one)?),
        asked("GET /order", "ordering-api", vec![staff()?.event()]),
        asked("GET /order?status=PENDING", "ordering-api", vec![pending]),
        consumed("order consumer, a message", each(pick(READING, size), new)?, 1),
    ])
}

/// Receives as many messages as SQS returns at once, as Lambda's pollers do.
async fn messages(depth: u64, aws: &Aws) -> Result<Vec<Asked>> {
    let mut all = Vec::new();
    for (what, batch) in [("order consumer, 1 message", 1), ("order consumer, each of 10 messages", BATCH)] {
        let created =
            aws.sqs("CreateQueue", &json!({ "QueueName": format!("orders-{depth}-{batch}") })).await?;
        let queue = &created["QueueUrl"];
        let numbers: Vec<u64> = (0..depth).collect();
        for some in numbers.chunks(BATCH) {
            let entry = |n: &u64| {
                // Each queue has its own orders.
                let order = FEW + n * 2 + u64::from(batch > 1);
                let body = ordering::checked_out(&customer(n % FEW), order)?;
                Ok(json!({ "Id": n.to_string(), "MessageBody": body }))
            };
            let entries = some.iter().map(entry).collect::<Result<Vec<_>>>()?;
            aws.sqs("SendMessageBatch", &json!({ "QueueUrl": queue, "Entries": entries })).await?;
        }
        let asked = json!({ "QueueUrl": queue, "MaxNumberOfMessages": batch });
        let received = aws.sqs("ReceiveMessage", &asked).await?;
        let records = received["Messages"].as_array().into_iter().flatten().map(|message| {
            let id = message["MessageId"].as_str().context("a message without an id")?;
            ordering::record(id, message["Body"].as_str().context("a message without a body")?)
        });
        let records = records.collect::<Result<Vec<_>>>()?;
        ensure!(records.len() == batch, "{} messages instead of {batch}", records.len());
        all.push(consumed(what, vec![of_records(records)], batch));
    }
    Ok(all)
}

fn asked(what: &'static str, function: &'static str, events: Vec<Bytes>) -> Asked {
    Asked { what, function, events, expected: Expected::Status(200), shared_by: 1 }
}

fn consumed(what: &'static str, events: Vec<Bytes>, shared_by: usize) -> Asked {
    Asked { expected: Expected::NoFailures, shared_by, ..asked(what, "ordering-on-checkout", events) }
}

fn each(numbers: [u64; 3], event: impl Fn(u64) -> Result<Bytes>) -> Result<Vec<Bytes>> {
    numbers.into_iter().map(event).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_grow_tenfold_up_to_the_largest() {
        assert_eq!(World::Products.sizes(100_000), [100, 1000, 10_000, 100_000]);
        assert_eq!(World::Orders.sizes(5000), [100, 1000]);
    }

    #[test]
    fn customers_are_picked_for_one_purpose() {
        let mut picked = [READING, ADDING, CHECKING_OUT].map(|purpose| pick(purpose, FEW)).concat();
        picked.sort_unstable();
        picked.dedup();
        assert_eq!(picked.len(), 9);
    }
}
