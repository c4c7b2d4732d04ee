//! Mails to customers about their orders.
