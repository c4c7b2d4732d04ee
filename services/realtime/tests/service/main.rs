//! Realtime service tests against its real tables on the local AWS, with simulated connections.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot run has failed")]

mod authorizer;
mod chat;
mod connections;
mod customers;
mod floods;
mod frames;
mod order_event;
mod server;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{OrderId, Timestamp};
use lambdakit::websocket;
use realtime::connections::ConnectionHandler;
use realtime::messages::MessageHandler;
use realtime::order_event::UpdateHandler;
use realtime::push::Pusher;
use realtime::store::{ChatStore, ConnectionStore};
use serde_json::{Value, json};
use testkit::events::{websocket_connect, websocket_message};
use testkit::{Account, customer_id, deliver};
use uuid::Uuid;

use server::Switchboard;

/// A realtime service with empty tables and no connections.
struct Live {
    switchboard: Switchboard,
    comings: ConnectionHandler,
    messages: MessageHandler,
    updates: UpdateHandler,
    connections: ConnectionStore,
    chats: ChatStore,
    dynamodb: aws_sdk_dynamodb::Client,
}

async fn live() -> Live {
    live_of(&Account::new()).await
}

async fn live_of(account: &Account) -> Live {
    let switchboard = Switchboard::start().await;
    let connections = ConnectionStore::new(account.table("CONNECTION_TABLE").await);
    let chats = ChatStore::new(account.table("CHAT_TABLE").await);
    let posts = websocket::ConnectionClient::new(account.aws(), &switchboard.url);
    let pusher = Pusher::new(posts, connections.clone());
    Live {
        comings: ConnectionHandler::new(connections.clone()),
        messages: MessageHandler::new(connections.clone(), chats.clone(), pusher.clone()),
        updates: UpdateHandler::new(connections.clone(), pusher),
        dynamodb: account.aws().dynamodb(),
        connections,
        chats,
        switchboard,
    }
}

impl Live {
    /// The function's answer to an event on a connection.
    async fn happen(handler: &impl websocket::Handler, event: Value) -> websocket::Response {
        websocket::invoke(handler, &event.to_string(), None).await
    }

    /// Connects a user whose token is valid for another hour.
    async fn connect(&self, id: &str, user_name: &str) {
        assert_eq!(self.try_connect(id, user_name).await, 200);
    }

    async fn try_connect(&self, id: &str, user_name: &str) -> i64 {
        let expires_at = (Timestamp::now().unix_seconds() + 3600).to_string();
        let groups = if user_name == "ada" { "staff" } else { "" };
        let found = json!({
            "subject": customer_id(user_name), "userName": user_name, "groups": groups,
            "expiresAt": expires_at,
        });
        Self::happen(&self.comings, websocket_connect(id, &found)).await.status_code.into()
    }

    /// Sends a frame on a connection and returns the answer. If the answer ends the connection, it
    /// is the last frame sent to it.
    async fn say(&self, id: &str, frame: impl ToString) -> Value {
        let answer = Self::happen(&self.messages, websocket_message(id, &frame.to_string())).await;
        assert_eq!(answer.status_code, 200);
        match answer.body {
            Some(frame) => serde_json::from_str(&frame).unwrap(),
            None => self.switchboard.frames(id).pop().unwrap(),
        }
    }

    /// Delivers an order event and returns whether it was acknowledged.
    async fn handle(&self, fact: &str, user_name: &str, order_id: OrderId) -> bool {
        self.tell_at(fact, user_name, order_id, "2026-01-31T12:00:00.000Z").await
    }

    async fn tell_at(&self, fact: &str, user_name: &str, order_id: OrderId, at: &str) -> bool {
        let id = Uuid::new_v5(&order_id.into(), fact.as_bytes());
        let metadata =
            json!({ "eventId": id, "version": 1, "correlationId": "c-1", "occurredAt": at, "new": 1 });
        let data = json!({
            "orderId": order_id, "customerId": id_of(user_name), "userName": user_name, "reason": "OUT_OF_STOCK", "units": [],
            "totalPrice": 19.9, "currency": "USD", "more": {},
        });
        let detail = json!({ "metadata": metadata, "data": data });
        let body = json!({ "detail-type": fact, "source": "shop.ordering", "detail": detail });
        self.deliver(&json!([{ "messageId": "m", "body": body.to_string() }])).await.is_empty()
    }

    /// Delivers a batch of queue messages and returns the ids of those that failed.
    async fn deliver(&self, messages: &Value) -> Vec<String> {
        deliver(&self.updates, json!({ "Records": messages })).await
    }

    /// The keys of all stored rows.
    async fn rows(&self) -> Vec<String> {
        let rows = self.dynamodb.scan().table_name("CONNECTION_TABLE").send().await.unwrap();
        let key = |name: &str, row: &std::collections::HashMap<String, _>| {
            let value: &AttributeValue = &row[name];
            value.as_s().unwrap().clone()
        };
        let mut keys: Vec<_> =
            rows.items().iter().map(|row| key("item", row) + " / " + &key("sort", row)).collect();
        keys.sort_unstable();
        keys
    }

    /// Makes a connection look old.
    async fn age(&self, item: &str, sort: &str) {
        self.set(item, sort, "since = :number", 0).await;
    }

    /// Expires the token of a connection that follows an order.
    async fn expire(&self, id: &str, user_name: &str, order: OrderId) {
        let customer = format!("customer#{}", customer_id(user_name));
        for (item, sort) in [
            (format!("connection#{id}"), "connection".to_owned()),
            (customer.clone(), format!("connection#{id}")),
            (customer, format!("order#{order}#{id}")),
        ] {
            self.set(&item, &sort, "expiresAt = :number", 1).await;
        }
    }

    /// Makes a client pause for some seconds.
    async fn pause(&self, id: &str, seconds: u32) {
        self.set(&format!("connection#{id}"), "connection", "spoken = spoken - :number", seconds * 1000)
            .await;
    }

    async fn set(&self, item: &str, sort: &str, change: &str, number: u32) {
        let key = |value: &str| AttributeValue::S(value.to_owned());
        let update = self.dynamodb.update_item().table_name("CONNECTION_TABLE");
        let update = update.key("item", key(item)).key("sort", key(sort));
        let update = update.update_expression(format!("SET {change}"));
        let update = update.expression_attribute_values(":number", AttributeValue::N(number.to_string()));
        update.send().await.unwrap();
    }
}

/// The customer id in order events: all zeros if the customer was erased.
fn id_of(user_name: &str) -> String {
    match user_name {
        "erased" => "00000000-0000-0000-0000-000000000000".to_owned(),
        name => customer_id(name),
    }
}

/// An order placed just now.
fn young_order() -> OrderId {
    OrderId::new(Timestamp::now())
}

/// An order placed an hour ago.
fn old_order() -> OrderId {
    OrderId::new(Timestamp::from_unix_millis(Timestamp::now().unix_millis() - 3_600_000))
}

fn subscribe(order_id: OrderId) -> Value {
    json!({ "action": "subscribeOrder", "orderId": order_id })
}

fn send(text: &str) -> Value {
    json!({ "action": "sendMessage", "text": text })
}
