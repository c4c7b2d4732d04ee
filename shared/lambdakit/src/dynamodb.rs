//! DynamoDB: tables, items, and pages of lists.

pub(crate) mod cursor;
pub mod item;
pub mod page;
pub mod table;
