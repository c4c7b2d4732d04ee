//! A customer, for all services.

use crate::{CustomerId, UserName};

/// A customer: the id identifies them, the name is for display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Identifies the customer for ever.
    pub id: CustomerId,
    /// The name that they sign in with. Another customer can take it after their account is
    /// deleted.
    pub user_name: UserName,
}
