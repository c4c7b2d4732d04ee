//! The final content of the tables, parsed independently of the services' code.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::expected::Lines;

/// The customer id of anonymous orders.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// Orders and their fulfilment.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    /// By order id.
    pub(super) orders: BTreeMap<String, Order>,
    /// By product id.
    pub(super) stock: BTreeMap<String, Stock>,
    /// By order id.
    pub(super) reservations: BTreeMap<String, Reservation>,
    /// By order id.
    pub(super) payments: BTreeMap<String, Payment>,
    /// The payment provider's charges.
    pub(super) charges: Vec<Charge>,
    /// By order id.
    pub(super) shipments: BTreeMap<String, Shipment>,
    /// The statuses of each order in the audit.
    pub(super) audit: BTreeMap<String, Vec<String>>,
    /// The mails about each order.
    pub(super) mails: BTreeMap<String, Vec<String>>,
    /// The tables that hold data of each customer, by customer id.
    pub(super) personal: BTreeMap<String, BTreeSet<&'static str>>,
}

/// A row of the order table.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    #[serde(rename = "orderId")]
    pub(super) id: String,
    pub(super) customer_id: String,
    pub(super) user_name: String,
    pub(super) status: String,
    pub(super) history: Vec<StatusChange>,
    #[serde(default)]
    pub(super) cancel_requested_at: Option<String>,
    pub(super) lines: Vec<Line>,
    pub(super) total_price: Money,
    pub(super) recipient: Recipient,
    pub(super) payment: Means,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct StatusChange {
    pub(super) status: String,
    /// RFC 3339: text order is time order.
    pub(super) at: String,
    #[serde(default)]
    pub(super) reason: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line {
    pub(super) product_id: String,
    pub(super) quantity: u64,
    pub(super) price: Money,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Money {
    pub(super) minor: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Recipient {
    pub(super) address: String,
}

/// The payment of an order.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Means {
    pub(super) method: String,
    #[serde(default)]
    pub(super) token: Option<String>,
}

/// A product's row of the stock table. Numbers are signed, to detect negative ones.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stock {
    pub(super) product_id: String,
    pub(super) on_hand: i64,
    pub(super) reserved: i64,
    pub(super) shipped: i64,
    pub(super) received: i64,
}

/// An order's row of the stock table.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reservation {
    pub(super) order_id: String,
    pub(super) state: String,
    pub(super) units: Vec<LineQuantity>,
    /// Parts that are still to be processed.
    pub(super) left: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LineQuantity {
    pub(super) product_id: String,
    pub(super) quantity: i64,
}

/// A row of the payment table.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payment {
    pub(super) order_id: String,
    pub(super) state: String,
    pub(super) history: Vec<StateChange>,
    #[serde(default)]
    pub(super) price: Option<Money>,
    #[serde(default)]
    pub(super) refunded: Option<Money>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct StateChange {
    pub(super) state: String,
}

/// A row of the provider's table.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Charge {
    pub(super) status: String,
    /// Missing in a charge that was cancelled before it was requested.
    #[serde(default)]
    pub(super) asked: Option<Asked>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Asked {
    /// Minor units.
    pub(super) amount: u64,
    /// The order id.
    pub(super) reference: String,
}

/// A row of the shipment table.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shipment {
    pub(super) order_id: String,
    pub(super) state: String,
    pub(super) history: Vec<StateChange>,
}

impl World {
    /// Reads the rows of each table, and records the unreadable ones.
    pub(super) fn read(mut rows: impl FnMut(&str) -> Vec<Value>, unreadable: &mut Vec<String>) -> Self {
        let mut personal = BTreeMap::<String, BTreeSet<_>>::new();
        let orders: Vec<_> = rows("order").into_iter().filter(is_order).collect();
        let mails: Vec<_> = rows("mail").into_iter().filter(|row| row["orderId"].is_string()).collect();
        // The basket that an erasure leaves is empty.
        let is_full = |row: &Value| row["userName"].is_string() || row["lines"] != json!([]);
        let baskets: Vec<_> = rows("basket").into_iter().filter(is_full).collect();
        for (table, kept) in [
            ("order", &orders),
            ("mail", &mails),
            ("basket", &baskets),
            ("fulfilment", &rows("fulfilment")),
            ("privacy", &rows("privacy")),
        ] {
            for customer_id in kept.iter().filter_map(|row| row["customerId"].as_str()) {
                personal.entry(customer_id.to_owned()).or_default().insert(table);
            }
        }
        for row in rows("connection").iter().filter(|row| row["sort"] != "erased") {
            if let Some(customer_id) = row["item"].as_str().and_then(|item| item.strip_prefix("customer#")) {
                personal.entry(customer_id.to_owned()).or_default().insert("connection");
            }
        }
        let (mut products, mut reservations) = (Vec::new(), Vec::new());
        for row in rows("stock") {
            match row["item"].as_str().unwrap_or_default().split_once('#') {
                Some(("product", _)) => products.push(row),
                Some(("order", _)) => reservations.push(row),
                _ => {}
            }
        }
        Self {
            orders: by_id(read("order", orders, unreadable), |row: &Order| &row.id),
            stock: by_id(read("stock", products, unreadable), |row: &Stock| &row.product_id),
            reservations: by_id(read("stock", reservations, unreadable), |row: &Reservation| &row.order_id),
            payments: by_id(read("payment", rows("payment"), unreadable), |row: &Payment| &row.order_id),
            charges: read("provider", rows("provider"), unreadable),
            audit: words(rows("audit"), "type"),
            mails: words(mails, "occasion"),
            personal,
            shipments: by_id(read("shipment", rows("shipment"), unreadable), |row: &Shipment| &row.order_id),
        }
    }

    /// The amounts of an order's charges with one of these statuses, in minor units.
    pub(super) fn charges(&self, order_id: &str, statuses: &[&str]) -> Vec<u64> {
        let so = self.charges.iter().filter(|charge| statuses.contains(&charge.status.as_str()));
        let asked = so.filter_map(|charge| charge.asked.as_ref());
        asked.filter(|asked| asked.reference == order_id).map(|asked| asked.amount).collect()
    }

    /// The number of orders by final state.
    pub(super) fn ends(&self) -> BTreeMap<String, u64> {
        let mut ends = BTreeMap::new();
        for order in self.orders.values() {
            let end = match order.reason() {
                Some(reason) => format!("{} {reason}", order.status),
                None => order.status.clone(),
            };
            *ends.entry(end).or_default() += 1;
        }
        ends
    }
}

impl Order {
    /// Whether its customer's data was erased.
    pub(super) fn is_anonymous(&self) -> bool {
        self.customer_id == NOBODY && self.user_name == "erased"
    }

    /// Units by product.
    pub(super) fn units(&self) -> Lines {
        let mut units = Lines::new();
        for line in &self.lines {
            *units.entry(line.product_id.clone()).or_default() += line.quantity;
        }
        units
    }

    /// The reason of a rejection or cancellation.
    pub(super) fn reason(&self) -> Option<&str> {
        self.history.last()?.reason.as_deref()
    }
}

/// The tombstone that an erasure leaves of an order has no status.
pub(super) fn is_order(row: &Value) -> bool {
    row["status"].is_string()
}

fn read<T: DeserializeOwned>(table: &str, rows: Vec<Value>, unreadable: &mut Vec<String>) -> Vec<T> {
    let read = rows.into_iter().filter_map(|row| match T::deserialize(&row) {
        Ok(row) => Some(row),
        Err(error) => {
            unreadable.push(format!("table {table}: {error} in {row}"));
            None
        }
    });
    read.collect()
}

/// The values of one field, by order. Rows without it are skipped.
fn words(rows: Vec<Value>, field: &str) -> BTreeMap<String, Vec<String>> {
    let mut words = BTreeMap::<String, Vec<String>>::new();
    for row in rows {
        if let (Some(order), Some(word)) = (row["orderId"].as_str(), row[field].as_str()) {
            words.entry(order.to_owned()).or_default().push(word.to_owned());
        }
    }
    words
}

fn by_id<T>(rows: Vec<T>, id: impl Fn(&T) -> &String) -> BTreeMap<String, T> {
    rows.into_iter().map(|row| (id(&row).clone(), row)).collect()
}
