//! Finds products.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::ProductId;
use futures::future::try_join_all;
use lambdakit::AwsError;
use lambdakit::dynamodb::item::Item;
use lambdakit::dynamodb::page::{Page, PageRequest};
use serde::{Deserialize, Serialize};

use super::{Posting, Product, Row, SearchStore, list_item, posting_key, row_key};
use crate::query::Query;

/// Number of postings that a request reads from a list. A page has as many products at most.
const WINDOW: i32 = 100;

/// Maximum length of a key that DynamoDB accepts, in bytes.
const MAX_KEY: usize = 1024;

/// A position in the result of a query, as the cursor has it.
#[derive(Debug, Serialize, Deserialize)]
struct Position {
    list: String,
    /// The window starts behind this posting; `None` at the start of the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    window: Option<String>,
    /// The place of the last hit of the page before; `None` at the start of the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hit: Option<String>,
}

/// A part of a list, and the hits in it.
struct Window {
    list: String,
    start: Option<String>,
    hits: Vec<Hit>,
    /// The last posting, unless the list ends here.
    next: Option<String>,
}

/// Sorted by rank, title and id.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Hit {
    place: String,
    id: ProductId,
}

impl Hit {
    fn new(rank: usize, posting: &str) -> Option<Self> {
        let (_, title_and_id) = posting.split_once('#')?;
        let (_, id) = title_and_id.rsplit_once('#')?;
        Some(Self { place: format!("{rank:02}#{title_and_id}"), id: id.parse().ok()? })
    }
}

impl SearchStore {
    /// A page of the products that a query finds, the best ones first.
    ///
    /// # Errors
    /// When a call fails, or the page starts at no position of this query.
    pub async fn find(&self, query: &Query, page: &PageRequest) -> Result<Page<Product>, AwsError> {
        let (window, seen) = match page.start() {
            None => (self.best_window(query).await?, None),
            Some(start) => {
                let Position { list, window, hit } =
                    serde_dynamo::from_item(start).map_err(|_| AwsError::InvalidCursor)?;
                let is_posting = |window: &String| Hit::new(0, window).is_some() && window.len() < MAX_KEY;
                if !query.lists().contains(&list) || !window.as_ref().is_none_or(is_posting) {
                    return Err(AwsError::InvalidCursor);
                }
                (self.window(query, list, window).await?, hit)
            }
        };
        let Window { list, start, hits, next } = window;
        let rest = hits.into_iter().skip_while(|hit| seen.as_ref().is_some_and(|seen| hit.place <= *seen));
        let mut rest = rest.peekable();
        let hits: Vec<_> = rest.by_ref().take(usize::try_from(page.limit()).unwrap_or_default()).collect();
        let next = match (rest.peek(), hits.last(), next) {
            (Some(_), Some(last), _) => Some(Position { list, window: start, hit: Some(last.place.clone()) }),
            (_, _, Some(next)) => Some(Position { list, window: Some(next), hit: None }),
            _ => None,
        };
        let rows = self.rows(hits).await?;
        let found: Page<Row> = page.page(rows, next.map(serde_dynamo::to_item).transpose()?)?;
        // A posting may be older than its product.
        let is_hit =
            |row: &Row| row.indexed.as_ref().is_some_and(|it| query.rank(it.terms.words()).is_some());
        let items = found.items.into_iter().filter(is_hit).filter_map(|row| row.indexed);
        Ok(Page { items: items.map(|it| it.product).collect(), next_cursor: found.next_cursor })
    }

    /// The first window of the list that has the fewest postings, as far as one can see.
    async fn best_window(&self, query: &Query) -> Result<Window, AwsError> {
        let windows = query.lists().into_iter().map(|list| self.window(query, list, None));
        let best = try_join_all(windows).await?.into_iter().min_by(|one, other| {
            let order = |window: &Window| (window.next.is_some(), Reverse(window.hits.len()));
            order(one).cmp(&order(other)).then_with(|| one.list.cmp(&other.list))
        });
        best.ok_or_else(|| AwsError::Permanent("a query without words".to_owned()))
    }

    async fn window(&self, query: &Query, list: String, start: Option<String>) -> Result<Window, AwsError> {
        let read = self
            .table
            .client()
            .query()
            .table_name(self.table.name())
            .key_condition_expression("#item = :list")
            // A reserved word.
            .expression_attribute_names("#item", "item")
            .expression_attribute_values(":list", AttributeValue::S(list_item(&list)))
            .set_exclusive_start_key(start.clone().map(|start| posting_key(&list, start)))
            .limit(WINDOW)
            .send()
            .await?;
        let next = read.last_evaluated_key.map(serde_dynamo::from_item).transpose()?;
        let next = next.map(|PostingKey { sort }| sort);
        let postings: Vec<Posting> = serde_dynamo::from_items(read.items.unwrap_or_default())?;
        let hit = |posting: &Posting| Hit::new(query.rank(&posting.words)?, &posting.sort);
        let mut hits: Vec<_> = postings.iter().filter_map(hit).collect();
        hits.sort_unstable();
        // While a product is renamed, it can have two postings in a list.
        let mut seen = HashSet::new();
        hits.retain(|hit| seen.insert(hit.id));
        Ok(Window { list, start, hits, next })
    }

    /// The rows of hits, in their order.
    async fn rows(&self, hits: Vec<Hit>) -> Result<Vec<Item>, AwsError> {
        let found = self.table.get_many(hits.iter().map(|hit| row_key(hit.id)).collect(), false).await?;
        let item = |item: &Item| item.get("item").and_then(|item| item.as_s().ok()).cloned();
        let mut rows: HashMap<_, _> = found.into_iter().filter_map(|row| Some((item(&row)?, row))).collect();
        Ok(hits.into_iter().filter_map(|hit| rows.remove(&item(&row_key(hit.id))?)).collect())
    }
}

/// The sort key of a posting.
#[derive(Deserialize)]
struct PostingKey {
    sort: String,
}
