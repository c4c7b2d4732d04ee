//! The local shop: a local AWS, the deployment to it, and its users.

mod assets;
pub mod choice;
pub mod down;
mod environments;
pub mod installs;
mod local_deploy;
pub mod open_files;
pub mod seed;
pub mod site;
pub mod up;
mod users;
