//! `cargo xtask seed`: a small catalogue to play with, through the front door.

use std::collections::HashSet;
use std::fmt;

use anyhow::{Context, Result, bail};
use clap::Parser;
use serde_json::Value;

use crate::outputs::Outputs;
use crate::paths::Paths;
use crate::stack::LocalStack;
use crate::{aws, sign_in, users};

const CATALOGUE: &str = include_str!("../seed/catalogue.json");

#[derive(Parser)]
pub struct Args {}

pub fn run(paths: &Paths, _args: &Args) -> Result<()> {
    let outputs = Outputs::read(&LocalStack::of_developer(paths).outputs())?;
    let sown = sow(&outputs)?;
    for name in &sown.created {
        println!("created {name}");
    }
    println!("{sown}");
    Ok(())
}

pub struct Sown {
    created: Vec<String>,
    there_already: usize,
}

impl fmt::Display for Sown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.created.len(), self.there_already) {
            (0, _) => write!(formatter, "unchanged"),
            (created, 0) => write!(formatter, "{created} products created"),
            (created, there) => write!(formatter, "{created} products created, {there} there already"),
        }
    }
}

/// Creates the products of the catalogue that the shop lacks, by name, as staff.
pub fn sow(outputs: &Outputs) -> Result<Sown> {
    let catalogue: Vec<Value> = serde_json::from_str(CATALOGUE).context("the catalogue is not JSON")?;
    let shop = Shop { url: format!("{}/product", outputs.api_url), agent: aws::agent() };
    let missing = shop.missing(&catalogue)?;
    if !missing.is_empty() {
        let token = sign_in::id_token(outputs, users::staff(outputs)?)?;
        for product in &missing {
            shop.create(product, &token)?;
        }
    }
    let there_already = catalogue.len() - missing.len();
    Ok(Sown { created: missing.into_iter().map(|product| name(product).to_owned()).collect(), there_already })
}

struct Shop {
    url: String,
    agent: ureq::Agent,
}

impl Shop {
    /// Reads page by page, no further than needed.
    fn missing<'a>(&self, catalogue: &'a [Value]) -> Result<Vec<&'a Value>> {
        let mut missing: Vec<&Value> = catalogue.iter().collect();
        let mut cursor = None;
        while !missing.is_empty() {
            let page = self.page(cursor.as_deref())?;
            missing = without(missing, &page["items"]);
            cursor = page["nextCursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        Ok(missing)
    }

    fn page(&self, cursor: Option<&str>) -> Result<Value> {
        let mut request = self.agent.get(&self.url).query("limit", "100");
        if let Some(cursor) = cursor {
            request = request.query("cursor", cursor);
        }
        let mut answer =
            request.call().with_context(|| format!("the shop does not answer at {}", self.url))?;
        let text = answer.body_mut().read_to_string().context("the answer broke off")?;
        if answer.status() != 200 {
            bail!("GET {} answered {}: {}", self.url, answer.status(), text);
        }
        serde_json::from_str(&text)
            .with_context(|| format!("GET {} answered what is not JSON: {text}", self.url))
    }

    fn create(&self, product: &Value, token: &str) -> Result<()> {
        let answer = self.agent.post(&self.url).header("authorization", token).send_json(product);
        let mut answer = answer.with_context(|| format!("the shop does not answer at {}", self.url))?;
        if answer.status() != 201 {
            let text = answer.body_mut().read_to_string().unwrap_or_default();
            bail!("POST {} for {} answered {}: {text}", self.url, name(product), answer.status());
        }
        Ok(())
    }
}

fn without<'a>(products: Vec<&'a Value>, items: &Value) -> Vec<&'a Value> {
    let there: HashSet<&str> = items.as_array().into_iter().flatten().map(name).collect();
    products.into_iter().filter(|product| !there.contains(name(product))).collect()
}

fn name(product: &Value) -> &str {
    product["name"].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_missing_by_name_is_left() {
        let catalogue = [json!({ "name": "a" }), json!({ "name": "b" })];
        let left =
            without(catalogue.iter().collect(), &json!([{ "name": "b", "price": 1 }, { "name": "c" }]));
        assert_eq!(left, [&catalogue[0]]);
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
