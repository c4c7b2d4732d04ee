//! Access to a deployed shop: its outputs, its AWS, its users.

pub mod aws;
pub mod endpoint;
pub mod intake;
pub mod open_work;
pub mod outputs;
pub mod privacy_requests;
pub mod private_file;
pub mod secrets;
pub mod sign_in;
pub mod site;
pub mod stage;
