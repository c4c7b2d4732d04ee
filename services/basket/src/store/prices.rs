use std::collections::HashSet;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::basket::{Offer, Offers};
use domain::product::ProductName;
use domain::{Money, ProductId};
use lambdakit::AwsError;
use lambdakit::table::{Put, Table, key};
use serde::{Deserialize, Serialize};

/// The price table: key `productId`. A replica of what baskets need to know of products, fed by
/// the catalogue's events.
#[derive(Clone, Debug)]
pub struct PriceStore {
    table: Table,
}

/// What the catalogue says of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PriceUpdate {
    /// The product.
    pub product_id: ProductId,
    /// The greater the later.
    pub version: u64,
    /// What it is sold as; none for a product that has left the catalogue. Its row stays behind,
    /// so that an earlier event which comes late does not bring it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_sale: Option<OnSale>,
}

/// What a product is sold as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnSale {
    /// What it is called.
    pub name: ProductName,
    /// What a unit costs.
    pub price: Money,
}

impl PriceStore {
    /// The store in this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Writes what the catalogue says, unless something later is known already; `false` then.
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

    /// Today's offers of these products (100 at most); those not on sale are left out.
    pub async fn offers(&self, products: impl IntoIterator<Item = ProductId>) -> Result<Offers, AwsError> {
        // DynamoDB refuses a batch that asks for a key twice.
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
