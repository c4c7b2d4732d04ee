//! Handler of clients that connect and disconnect.

use std::collections::HashMap;

use domain::customer::Customer;
use lambdakit::Problem;
use lambdakit::websocket::{ConnectionEvent, Handler, WebSocketEvent};
use shopkit::staff::STAFF;
use shopkit::tombstone::CustomerErased;

use crate::messages::{signed_out, too_fast};
use crate::request::unknown_action;
use crate::store::{Connection, ConnectionStore, RateLimit};

/// Stores and removes connections.
#[derive(Clone, Debug)]
pub struct ConnectionHandler {
    store: ConnectionStore,
}

impl ConnectionHandler {
    /// Stores connections in this store.
    #[must_use]
    pub fn new(store: ConnectionStore) -> Self {
        Self { store }
    }

    /// The refusal of a message that reaches this handler. The API has no route for that; if it
    /// gets one, the message counts like any other.
    async fn refusal(&self, id: &str) -> Result<Problem, Problem> {
        Ok(match self.store.count_frame(id).await? {
            RateLimit::Fine(_) => unknown_action(),
            RateLimit::TooFast | RateLimit::MuchTooFast => too_fast("Wait a moment before you go on."),
            RateLimit::Unknown => signed_out(),
        })
    }
}

impl Handler for ConnectionHandler {
    async fn handle(&self, event: ConnectionEvent) -> Result<Option<String>, Problem> {
        let ConnectionEvent { connection_id, event } = event;
        match event {
            // The token may outlive the account by an hour.
            WebSocketEvent::Connected(found) => {
                let added = self.store.add(&connection(connection_id, &found)?).await?;
                added.map_err(|CustomerErased| signed_out())?;
            }
            WebSocketEvent::Disconnected => self.store.remove(&connection_id).await?,
            WebSocketEvent::Message(_) => return Err(self.refusal(&connection_id).await?),
        }
        Ok(None)
    }
}

/// The connection that the authorizer's context describes.
fn connection(id: String, found: &HashMap<String, String>) -> Result<Connection, Problem> {
    let value = |name: &str| found.get(name).map(String::as_str).unwrap_or_default();
    let id_of_customer = value("subject").parse().map_err(Problem::unauthorized)?;
    // Names that the shop reserves belong to no customer.
    let user_name = value("userName").parse().map_err(Problem::unauthorized)?;
    let customer = Customer { id: id_of_customer, user_name };
    let expires_at = value("expiresAt").parse().map_err(Problem::unauthorized)?;
    let is_staff = value("groups").split(' ').any(|group| group == STAFF);
    Ok(Connection { id, customer, is_staff, expires_at })
}
