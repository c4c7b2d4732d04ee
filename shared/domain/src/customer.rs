//! A customer, as services know one.

use crate::{CustomerId, UserName};

/// A customer: the id identifies them, the name is what people see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Identifies the customer for ever.
    pub id: CustomerId,
    /// The name that they sign in with. It can be somebody else's when their account is gone.
    pub user_name: UserName,
}
