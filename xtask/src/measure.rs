//! Measurements: a local AWS where they need one, and the program that measures.

pub mod bench;
pub mod chaos;
pub mod load;
