//! Clients come and go.

use std::collections::HashMap;

use domain::customer::Customer;
use lambdakit::Problem;
use lambdakit::socket::{Handler, Happening, SocketEvent};
use shopkit::tombstone::CustomerErased;

use crate::messages::{signed_out, too_fast};
use crate::request::unknown_action;
use crate::store::{Connection, ConnectionStore, Pace};

/// Keeps in mind who is connected.
#[derive(Clone, Debug)]
pub struct Connections {
    store: ConnectionStore,
}

impl Connections {
    /// Keeps it in mind there.
    #[must_use]
    pub fn new(store: ConnectionStore) -> Self {
        Self { store }
    }

    /// Why a message is not answered that came here. The API has no route by which it could; if it gets one, a message
    /// counts here like any other.
    async fn refusal(&self, id: &str) -> Result<Problem, Problem> {
        Ok(match self.store.hear(id).await? {
            Pace::Fine(_) => unknown_action(),
            Pace::TooFast | Pace::MuchTooFast => too_fast("Wait a moment before you go on."),
            Pace::Unknown => signed_out(),
        })
    }
}

impl Handler for Connections {
    async fn handle(&self, event: SocketEvent) -> Result<Option<String>, Problem> {
        let SocketEvent { connection_id, happening } = event;
        match happening {
            // The token may outlive the account by an hour.
            Happening::Connected(found) => {
                let added = self.store.add(&connection(connection_id, &found)?).await?;
                added.map_err(|CustomerErased| signed_out())?;
            }
            Happening::Left => self.store.remove(&connection_id).await?,
            Happening::Said(_) => return Err(self.refusal(&connection_id).await?),
        }
        Ok(None)
    }
}

/// Who the authorizer says it is.
fn connection(id: String, found: &HashMap<String, String>) -> Result<Connection, Problem> {
    let told = |name: &str| found.get(name).map(String::as_str).unwrap_or_default();
    let id_of_customer = told("subject").parse().map_err(Problem::unauthorized)?;
    // Names that mean something else to the shop are nobody's.
    let user_name = told("userName").parse().map_err(Problem::unauthorized)?;
    let customer = Customer { id: id_of_customer, user_name };
    let expires_at = told("expiresAt").parse().map_err(Problem::unauthorized)?;
    Ok(Connection { id, customer, is_staff: told("isStaff") == "true", expires_at })
}
