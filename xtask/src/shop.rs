//! Access to a deployed shop: its outputs, its AWS, its users.

pub mod aws;
pub mod caller;
pub mod outputs;
pub mod private_file;
pub mod queues;
pub mod sign_in;
