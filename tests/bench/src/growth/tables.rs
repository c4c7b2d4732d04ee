//! Tables of the local AWS with many items, created as the stack's template describes them.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use hyper::Method;
use serde_json::{Value, json};

use super::aws::Aws;
use super::world::Seeded;
use crate::read_json;

/// Items in one object of the import.
const CHUNK: usize = 20_000;
const BUCKET: &str = "/growth";
const POLL: Duration = Duration::from_millis(100);
/// The interval of progress lines during a long import.
const PROGRESS: Duration = Duration::from_secs(10);

pub struct Tables {
    aws: Aws,
    template: Value,
}

impl Tables {
    pub async fn described_by(template: &Path, aws: Aws) -> Result<Self> {
        aws.s3(Method::PUT, BUCKET, Vec::new()).await?;
        Ok(Self { aws, template: read_json(template)? })
    }

    /// Creates a table with its items, named like the environment variable that functions read.
    pub async fn make(&self, (table, items): Seeded) -> Result<()> {
        let description = self.description(table)?;
        let mut items = items.peekable();
        if items.peek().is_none() {
            self.aws.dynamodb("CreateTable", &description).await?;
            return Ok(());
        }
        // An import from S3 is also the fastest way on AWS, and it uses DynamoDB's own API.
        let mut objects = Vec::new();
        while items.peek().is_some() {
            let lines = items.by_ref().take(CHUNK).map(|item| format!("{}\n", json!({ "Item": item })));
            let object = format!("{BUCKET}/{table}/{:05}", objects.len());
            self.aws.s3(Method::PUT, &object, lines.collect::<String>().into()).await?;
            objects.push(object);
        }
        let import = json!({
            "S3BucketSource": { "S3Bucket": BUCKET.trim_start_matches('/'), "S3KeyPrefix": format!("{table}/") },
            "InputFormat": "DYNAMODB_JSON",
            "TableCreationParameters": description,
        });
        let started = self.aws.dynamodb("ImportTable", &import).await?;
        self.imported(table, &started["ImportTableDescription"]["ImportArn"]).await?;
        for object in objects {
            self.aws.s3(Method::DELETE, &object, Vec::new()).await?;
        }
        Ok(())
    }

    async fn imported(&self, table: &str, import: &Value) -> Result<()> {
        let mut told = Instant::now();
        loop {
            let found = self.aws.dynamodb("DescribeImport", &json!({ "ImportArn": import })).await?;
            let import = &found["ImportTableDescription"];
            match import["ImportStatus"].as_str() {
                Some("COMPLETED") => return Ok(()),
                Some("IN_PROGRESS") => {}
                _ => bail!("{table} could not be imported: {import}"),
            }
            if told.elapsed() > PROGRESS {
                told = Instant::now();
                eprintln!("  {table}: {} items so far", import["ImportedItemCount"]);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    pub async fn remove(&self, table: &str) -> Result<()> {
        self.aws.dynamodb("DeleteTable", &json!({ "TableName": table })).await.map(drop)
    }

    /// The `CreateTable` input of the table that a function has in this variable.
    fn description(&self, variable: &str) -> Result<Value> {
        let resources = self.template["Resources"].as_object().context("the template has no resources")?;
        let named = |resource: &Value| {
            resource["Properties"]["Environment"]["Variables"][variable]["Ref"]
                .as_str()
                .map(ToOwned::to_owned)
        };
        let id = resources.values().find_map(named);
        let id = id.with_context(|| format!("no function of the template has the variable {variable}"))?;
        let properties = &resources[&id]["Properties"];
        ensure!(properties["BillingMode"] == "PAY_PER_REQUEST", "the template is not for on-demand tables");
        let mut description = json!({ "TableName": variable });
        for name in ["BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes"] {
            if !properties[name].is_null() {
                description[name] = properties[name].clone();
            }
        }
        Ok(description)
    }
}
