//! `cargo xtask seed`: a small sample catalogue, and some units of each product, through the public
//! API.

use std::fmt;

use anyhow::{Context, Result, bail};
use clap::Parser;
use serde_json::{Value, json};
use xtask_common::paths::Paths;
use xtask_common::shop::outputs::Outputs;
use xtask_common::shop::{aws, sign_in};
use xtask_common::stack::LocalStack;

use crate::local::users;

const CATALOGUE: &str = include_str!("../../seed/catalogue.json");
/// Units received of each product.
const PIECES: u32 = 1000;

#[derive(Parser)]
pub struct Args {}

pub fn run(paths: &Paths, _args: &Args) -> Result<()> {
    let outputs = Outputs::read(&LocalStack::of_developer(paths).outputs())?;
    let sown = seed(&outputs)?;
    for name in &sown.created {
        println!("created {name}");
    }
    for name in &sown.stocked {
        println!("took in {PIECES} of {name}");
    }
    println!("{sown}");
    Ok(())
}

pub struct Seeded {
    created: Vec<String>,
    stocked: Vec<String>,
    there_already: usize,
}

impl fmt::Display for Seeded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.created.len(), self.there_already) {
            (0, _) if self.stocked.is_empty() => write!(formatter, "unchanged"),
            (0, _) => write!(formatter, "no products created"),
            (created, 0) => write!(formatter, "{created} products created"),
            (created, there) => write!(formatter, "{created} products created, {there} there already"),
        }?;
        match self.stocked.len() {
            0 => Ok(()),
            stocked => write!(formatter, ", {PIECES} units of {stocked} taken in"),
        }
    }
}

/// The function that takes stock in.
const INVENTORY_FUNCTION: &str = "inventory-api";

/// As staff, creates the catalogue's products that the shop lacks, by name. Receives units of those
/// that never had any.
pub fn seed(outputs: &Outputs) -> Result<Seeded> {
    let catalogue: Vec<Value> = serde_json::from_str(CATALOGUE).context("the catalogue is not JSON")?;
    let shop = Shop { url: outputs.api_url.clone(), agent: aws::agent() };
    let there = shop.products(&catalogue)?;
    let mut sown = Seeded { created: Vec::new(), stocked: Vec::new(), there_already: there.len() };
    // Without inventory, products have no stock.
    let has_stock = outputs.functions.contains_key(INVENTORY_FUNCTION);
    if !has_stock && there.len() == catalogue.len() {
        return Ok(sown);
    }
    let token = sign_in::id_token(outputs, users::staff(outputs)?)?;
    for product in &catalogue {
        let there = there_as(product, &there);
        let id = match there {
            Some(there) => id(there)?,
            None => {
                sown.created.push(name(product).to_owned());
                id(&shop.create(product, &token)?)?
            }
        };
        if has_stock && (there.is_none_or(has_no_stock) || shop.has_never_had(&id, &token)?) {
            shop.take_in(&id, &token)?;
            sown.stocked.push(name(product).to_owned());
        }
    }
    Ok(sown)
}

struct Shop {
    url: String,
    agent: ureq::Agent,
}

impl Shop {
    /// The catalogue's products in the shop, by name. Reads page by page, no further than needed.
    fn products(&self, catalogue: &[Value]) -> Result<Vec<Value>> {
        let mut there: Vec<Value> = Vec::new();
        let mut cursor = None;
        while there.len() < catalogue.len() {
            let page = self.page(cursor.as_deref())?;
            let items = page["items"].as_array().into_iter().flatten();
            for item in items.filter(|item| there_as(item, catalogue).is_some()) {
                if there_as(item, &there).is_none() {
                    there.push(item.clone());
                }
            }
            cursor = page["nextCursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        Ok(there)
    }

    fn page(&self, cursor: Option<&str>) -> Result<Value> {
        let url = format!("{}/product", self.url);
        let mut request = self.agent.get(&url).query("limit", "100");
        if let Some(cursor) = cursor {
            request = request.query("cursor", cursor);
        }
        let mut answer = request.call().with_context(|| format!("the shop does not answer at {url}"))?;
        let text = answer.body_mut().read_to_string().context("the answer broke off")?;
        if answer.status() != 200 {
            bail!("GET {url} answered {}: {}", answer.status(), text);
        }
        serde_json::from_str(&text).with_context(|| format!("GET {url} answered what is not JSON: {text}"))
    }

    fn create(&self, product: &Value, token: &str) -> Result<Value> {
        self.post("product", token, &[], product)
    }

    /// Receives units, once: the idempotency key contains the product.
    fn take_in(&self, product: &str, token: &str) -> Result<()> {
        let delivery = [("idempotency-key", format!("seed-{product}"))];
        let path = format!("stock/{product}/receipts");
        self.post(&path, token, &delivery, &json!({ "quantity": PIECES })).map(drop)
    }

    /// Whether the stock knows nothing of a product, which the catalogue may not: inventory may have
    /// been removed and added again.
    fn has_never_had(&self, product: &str, token: &str) -> Result<bool> {
        let url = format!("{}/stock/{product}", self.url);
        let request = self.agent.get(&url).header("authorization", token);
        let answer = request.call().with_context(|| format!("the shop does not answer at {url}"))?;
        Ok(answer.status() == 404)
    }

    fn post(&self, path: &str, token: &str, headers: &[(&str, String)], body: &Value) -> Result<Value> {
        let url = format!("{}/{path}", self.url);
        let mut request = self.agent.post(&url).header("authorization", token);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let mut answer =
            request.send_json(body).with_context(|| format!("the shop does not answer at {url}"))?;
        let text = answer.body_mut().read_to_string().unwrap_or_default();
        if answer.status() != 201 {
            bail!("POST {url} of {body} answered {}: {text}", answer.status());
        }
        serde_json::from_str(&text).with_context(|| format!("POST {url} answered what is not JSON: {text}"))
    }
}

/// The product of the same name.
fn there_as<'a>(product: &Value, there: &'a [Value]) -> Option<&'a Value> {
    there.iter().find(|there| name(there) == name(product))
}

/// Whether the catalogue shows no receipt of a product. The catalogue is eventually consistent; the
/// idempotency key of the receipt prevents double counting.
fn has_no_stock(product: &Value) -> bool {
    product["available"].is_null()
}

fn id(product: &Value) -> Result<String> {
    let id = product["id"].as_str().with_context(|| format!("a product has no id: {product}"))?;
    Ok(id.to_owned())
}

fn name(product: &Value) -> &str {
    product["name"].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn products_are_known_by_name_and_lack_units_until_any_came_in() {
        let there = [json!({ "name": "b", "price": 1 }), json!({ "name": "c", "available": 0 })];
        let lacking = |name| there_as(&json!({ "name": name }), &there).is_none_or(has_no_stock);
        assert_eq!(there_as(&json!({ "name": "b" }), &there), Some(&there[0]));
        assert_eq!(["a", "b", "c"].map(lacking), [true, true, false], "what is sold out had some");
    }

    #[test]
    fn seeding_is_reported_in_one_line() {
        let names = |count: usize| vec![String::new(); count];
        let summary = |created, stocked, there_already| {
            Seeded { created: names(created), stocked: names(stocked), there_already }.to_string()
        };
        assert_eq!(summary(0, 0, 8), "unchanged");
        assert_eq!(summary(8, 8, 0), "8 products created, 1000 units of 8 taken in");
        assert_eq!(summary(1, 2, 7), "1 products created, 7 there already, 1000 units of 2 taken in");
        assert_eq!(summary(0, 8, 8), "no products created, 1000 units of 8 taken in");
    }

    #[test]
    fn the_catalogue_has_named_products_with_prices_in_cents() {
        let catalogue: Vec<Value> = serde_json::from_str(CATALOGUE).unwrap();
        let names: HashSet<&str> = catalogue.iter().map(name).collect();
        let categories: HashSet<&str> =
            catalogue.iter().filter_map(|product| product["category"].as_str()).collect();
        assert_eq!((names.len(), categories.len()), (8, 3));
        for product in &catalogue {
            let cents = product["price"].as_f64().unwrap() * 100.0;
            assert!((cents - cents.round()).abs() < 1e-6, "{product}");
        }
    }
}
