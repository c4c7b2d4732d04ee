//! Tables of the local AWS with many items, created as the shop's templates describe them.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
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
    templates: Vec<Value>,
}

impl Tables {
    pub async fn described_by(directory: &Path, aws: Aws) -> Result<Self> {
        aws.s3(Method::PUT, BUCKET, Vec::new()).await?;
        let mut templates = Vec::new();
        for file in fs::read_dir(directory).with_context(|| format!("cannot list {}", directory.display()))? {
            let file = file?.path();
            if file.to_string_lossy().ends_with(".template.json") {
                templates.push(read_json(&file)?);
            }
        }
        Ok(Self { aws, templates })
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
        let mut reported = Instant::now();
        loop {
            let found = self.aws.dynamodb("DescribeImport", &json!({ "ImportArn": import })).await?;
            let import = &found["ImportTableDescription"];
            match import["ImportStatus"].as_str() {
                Some("COMPLETED") => return Ok(()),
                Some("IN_PROGRESS") => {}
                _ => bail!("{table} could not be imported: {import}"),
            }
            if reported.elapsed() > PROGRESS {
                reported = Instant::now();
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
        let described = self.templates.iter().find_map(|template| {
            let resources = template["Resources"].as_object()?;
            let named = |resource: &Value| {
                let reference = &resource["Properties"]["Environment"]["Variables"][variable]["Ref"];
                reference.as_str().map(ToOwned::to_owned)
            };
            // Functions of other stacks read the table's name from a parameter.
            resources.get(&resources.values().find_map(named)?)
        });
        let described = described.with_context(|| format!("no function has a table as {variable}"))?;
        let properties = &described["Properties"];
        let mut description = json!({ "TableName": variable });
        for name in ["BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes"] {
            if !properties[name].is_null() {
                description[name] = properties[name].clone();
            }
        }
        Ok(description)
    }
}
