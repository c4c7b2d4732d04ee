//! The shop seen from outside.
