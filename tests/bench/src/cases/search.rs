//! Events of the search.

pub const API_EVENT: &str = include_str!("../../../../services/search/events/search-api.json");
