//! Search: finds products by the words of their names, categories and descriptions.
//!
//! | function | does |
//! | --- | --- |
//! | `search-on-product` | indexes products as they change |
//! | `search-api` | answers `/search` |
//!
//! Owns the table `search`. Consumes the events of products; publishes nothing. Products that are
//! older than the service are indexed by `cargo xtask republish product-publisher`.
//!
//! # Data model
//!
//! | `item` | `sort` | has |
//! | --- | --- | --- |
//! | `list#<beginning>` | `<field>#<title>#<product>` | a posting: the product has a word that begins like this. The words of the product |
//! | `product#<product>` | `product` | the product as the answer shows it, its version and its words; or a tombstone |
//!
//! **Lists.** Each word of a product has a posting in the list of each of its beginnings, up to six
//! characters. So a word and a beginning of one are found alike, by one `Query`. Lists are sorted by
//! the best field with such a word (name, category, description), then by the name. Longer words
//! share the list of their first six characters.
//!
//! **Several words.** A posting has all words of its product. So one list is enough to find the
//! products that have all words of a query: the shortest list. A request reads the first 100
//! postings of each word's list. A list that ends there has the whole result; the others are not
//! needed. If no list ends, that with the most hits is continued, since it is the shortest by
//! chance. Its hits are sorted by the sum of the words' fields, then by the name.
//!
//! **Pages.** A cursor names the list, where its 100 postings start, and the last hit of the page. The
//! next page reads the same 100 postings, or the next ones. No result is lost, and a page costs the
//! same in a catalogue of any size; but a page of several common words can be short, and hits are
//! sorted among 100 postings.
//!
//! **Products.** Postings are only hints. A page reads the row of each hit, and leaves out those that
//! do not have the words any more. So a change of a price writes one row, and no answer shows what a
//! product was.
//!
//! **Changes.** A change first replaces the product's row, on the condition that it is the version
//! that was read, and an earlier one than the event's. The row has the terms whose postings may still
//! exist, `stale`. Then transactions write the new postings and delete the stale ones, each on the
//! condition that the row still has this version. The last one removes `stale`. So
//!
//! - an event that is redelivered completes what is incomplete, and otherwise changes nothing;
//! - an older event writes nothing, not even if it was received earlier and is slow;
//! - every posting in the table is one of the terms in its product's row.
//!
//! A deleted product leaves a tombstone with its version for 30 days, longer than archive and queues
//! keep an event.
//!
//! **Bounds.** A product has at most 40 words in 640 bytes, so at most 240 postings of a write unit
//! (two in a transaction). The list of a common beginning takes 1,000 write units a second, like each
//! partition: 500 products. A query has at most 8 words.

pub mod api;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod product_event;
pub mod query;
pub mod store;
pub mod terms;
mod words;
