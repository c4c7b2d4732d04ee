//! Identity: the rules for user accounts. The accounts are in a Cognito user pool, which belongs to
//! the foundation of a stage, and so does this function.
//!
//! | function | does |
//! | --- | --- |
//! | `identity-on-sign-up` | rejects sign-ups with an invalid user name |

use domain::{InvalidUserName, UserName};

/// Checks a user name that somebody wants to sign up with.
///
/// # Errors
/// When the shop does not accept the name.
pub fn check(user_name: &str) -> Result<(), InvalidUserName> {
    user_name.parse::<UserName>().map(drop)
}
