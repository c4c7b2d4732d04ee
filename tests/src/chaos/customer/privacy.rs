//! Customers who export their data, or have it erased and sign up again under the same name.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Customer;
use crate::chaos::expected::{Departure, Lines};

/// The interval at which a leaving customer checks for their account.
const LOOK: Duration = Duration::from_secs(1);

/// The progress of an erasure.
pub(super) struct Leaving {
    /// Their orders.
    orders: BTreeSet<String>,
    /// Whether the shop has accepted the erasure.
    is_accepted: bool,
}

impl Customer {
    /// Whether they can leave: they have bought something, and no outcome is unknown.
    pub(super) fn may_leave(&self) -> bool {
        self.is_restless && self.bought > 0 && self.unknown.is_none() && !self.id.is_empty()
    }

    /// Requests an export, which must hold no other customer's data.
    pub(super) fn ask_for_export(&mut self) {
        let answer = self.shop.try_send("GET", "/me/export", &[], "");
        self.count("export", answer.as_ref());
        match answer {
            Some(answer) if answer.status == 200 => {
                self.recognise(&answer.body);
                let orders = answer.body["data"]["ordering"].as_array();
                self.check_orders("export", orders.into_iter().flatten());
            }
            Some(answer) if (400..500).contains(&answer.status) => {
                self.expected.violation(format!("{}: an export was refused with {}", self.user, answer.text));
            }
            Some(answer) if answer.status == 202 => {}
            // A pending request may still be stored after the customer has left.
            _ => self.wait(),
        }
    }

    /// Starts to leave once the ids of all their orders are known, from receipts or from the list.
    /// Many orders are not placed yet then.
    pub(super) fn begin_to_leave(&mut self) {
        let answer = self.shop.try_send("GET", &format!("/order/{}?limit=100", self.user), &[], "");
        self.count("look at orders", answer.as_ref());
        let Some(answer) = answer.filter(|answer| answer.status == 200) else { return };
        let placed = answer.body["items"].as_array().cloned().unwrap_or_default();
        self.check_orders("list", placed.iter());
        let placed = placed.iter().filter_map(|order| order["orderId"].as_str()).map(str::to_owned);
        let orders: BTreeSet<_> = placed.chain(self.receipts.iter().cloned()).collect();
        if orders.len() == self.bought {
            self.leave(Leaving { orders, is_accepted: false });
        }
    }

    /// Continues to leave. Once the account is deleted, the customer signs up again.
    pub(super) fn leave(&mut self, mut leaving: Leaving) {
        self.ready = Instant::now() + LOOK;
        if !leaving.is_accepted {
            let answer = self.shop.try_send("DELETE", "/me", &[], "");
            self.count("leave", answer.as_ref());
            match answer.map(|answer| answer.status) {
                Some(202) => leaving.is_accepted = true,
                Some(status @ 400..500) => {
                    self.expected.violation(format!("{}: leaving was refused with {status}", self.user));
                }
                _ => {}
            }
        } else if !self.shop.has_account()
            && let Some(shop) = self.shop.try_customer_named(&self.user)
        {
            let customer_id = std::mem::take(&mut self.id);
            let orders = leaving.orders;
            self.expected.departed(Departure { user: self.user.clone(), customer_id, orders });
            self.expected.count("come again", 200);
            self.shop = shop;
            self.possible = vec![Lines::new()];
            self.order = None;
            // The new account uses the same idempotency keys again.
            (self.bought, self.keys) = (0, 0);
            self.receipts.clear();
            return;
        }
        self.leaving = Some(leaving);
    }

    /// Stores their customer id, which must not change and must not be another customer's.
    pub(super) fn recognise(&mut self, answer: &Value) {
        let id = answer["customerId"].as_str().unwrap_or_default();
        if self.id.is_empty()
            && !self.expected.departures().iter().any(|departure| departure.customer_id == id)
        {
            id.clone_into(&mut self.id);
        } else if self.id != id {
            self.expected.violation(format!("{}: {id} receives data of {}", self.user, self.id));
        }
    }

    fn check_orders<'a>(&self, place: &str, orders: impl Iterator<Item = &'a Value>) {
        let orders: Vec<_> = orders.collect();
        if orders.len() > self.bought {
            let count = orders.len();
            self.expected
                .violation(format!("{}: {count} orders in a {place}, not {}", self.user, self.bought));
        }
        for order in orders.iter().filter(|order| order["customerId"] != self.id) {
            self.expected.violation(format!("{}: the {place} has an order of {order}", self.user));
        }
    }
}
