//! Commands for the operators of a shop, local or on AWS.

pub mod dlq;
pub mod logs;
pub mod mail;
pub mod realtime;
pub mod replay;
pub mod status;
mod target;
pub mod token;
