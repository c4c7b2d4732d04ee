//! Commands that are packages of their own.

pub mod bench;
pub mod chaos;
pub mod load;
pub mod reports;
