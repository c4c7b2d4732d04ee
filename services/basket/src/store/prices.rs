use std::collections::HashSet;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::basket::{Offer, Offers};
use domain::product::ProductName;
use domain::{Money, ProductId};
use lambdakit::AwsError;
use lambdakit::dynamodb::item::key;
use lambdakit::dynamodb::table::{Put, Table};
use serde::{Deserialize, Serialize};

/// The price table: key `productId`. A replica of the product data that baskets need, updated from
/// the catalogue's events.
#[derive(Clone, Debug)]
pub struct PriceStore {
    table: Table,
}

/// The catalogue's data about a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PriceUpdate {
    /// The product.
    pub product_id: ProductId,
    /// The product's version: the greater one is the later one.
    pub version: u64,
    /// Its name and price; `None` for a product that was removed from the catalogue. Its row is
    /// kept, so that a late older event does not restore it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_sale: Option<OnSale>,
}

/// The name and price of a product on sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnSale {
    /// Its name.
    pub name: ProductName,
    /// The unit price.
    pub price: Money,
}

impl PriceStore {
    /// The store in this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Writes the update; returns `false` if the stored version is not older.
    pub async fn apply(&self, update: &PriceUpdate) -> Result<bool, AwsError> {
        let put = self
            .table
            .client()
            .put_item()
            .table_name(self.table.name())
            .set_item(Some(serde_dynamo::to_item(update)?))
            .condition_expression("attribute_not_exists(productId) OR version < :version")
            .expression_attribute_values(":version", AttributeValue::N(update.version.to_string()));
        Ok(Put::of(put.send().await)?.is_done())
    }

    /// The current offers of these products (100 at most); products not on sale are left out.
    pub async fn offers(&self, products: impl IntoIterator<Item = ProductId>) -> Result<Offers, AwsError> {
        // DynamoDB rejects a batch with duplicate keys.
        let products: HashSet<ProductId> = products.into_iter().collect();
        let keys = products.into_iter().map(|id| key([("productId", id.to_string())])).collect();
        let mut offers = Offers::new();
        for item in self.table.get_many(keys, false).await? {
            offers.extend(offer(serde_dynamo::from_item(item)?));
        }
        Ok(offers)
    }
}

fn offer(update: PriceUpdate) -> Option<(ProductId, Offer)> {
    let PriceUpdate { product_id, on_sale, .. } = update;
    on_sale.map(|OnSale { name, price }| (product_id, Offer { product_id, name, price }))
}
