use std::path::Path;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, Projection,
};
use serde_json::Value;

/// Creates the table that functions have in an environment variable, named like the variable. It
/// uses only the keys and indexes of the description in the templates.
pub(crate) async fn create_table(client: &Client, variable: &str) {
    let table = described(variable);
    let indexes = list(&table["GlobalSecondaryIndexes"]).iter().map(|index| {
        GlobalSecondaryIndex::builder()
            .index_name(text(&index["IndexName"]))
            .set_key_schema(Some(key_schema(&index["KeySchema"])))
            .projection(projection(&index["Projection"]))
            .build()
            .expect("an index")
    });
    let indexes: Vec<_> = indexes.collect();
    let attributes = list(&table["AttributeDefinitions"]).iter().map(|attribute| {
        AttributeDefinition::builder()
            .attribute_name(text(&attribute["AttributeName"]))
            .attribute_type(text(&attribute["AttributeType"]).into())
            .build()
            .expect("an attribute")
    });
    client
        .create_table()
        .table_name(variable)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(attributes.collect()))
        .set_key_schema(Some(key_schema(&table["KeySchema"])))
        .set_global_secondary_indexes((!indexes.is_empty()).then_some(indexes))
        .send()
        .await
        .expect("a table");
}

/// The properties of the table that some function has in this variable.
fn described(variable: &str) -> Value {
    let dir = std::env::var("FERROCART_TEMPLATES")
        .expect("FERROCART_TEMPLATES is not set: run these tests with `cargo xtask test services`");
    let files = std::fs::read_dir(&dir).expect("the templates").map(|entry| entry.expect("a file").path());
    let mut templates = files.filter(|path| path.to_string_lossy().ends_with(".template.json"));
    templates
        .find_map(|path| described_in(&path, variable))
        .unwrap_or_else(|| panic!("no function of a template in {dir} has a table as {variable}"))
}

/// The same, if the table is in this template. Functions of other stacks read it from a parameter.
fn described_in(path: &Path, variable: &str) -> Option<Value> {
    let template = std::fs::read_to_string(path).expect("a template");
    let template: Value = serde_json::from_str(&template).expect("a template as JSON");
    let resources = template["Resources"].as_object().expect("resources");
    let id = resources
        .values()
        .find_map(|resource| resource["Properties"]["Environment"]["Variables"][variable]["Ref"].as_str())?;
    Some(resources.get(id)?["Properties"].clone())
}

fn projection(projection: &Value) -> Projection {
    Projection::builder().projection_type(text(&projection["ProjectionType"]).into()).build()
}

fn key_schema(keys: &Value) -> Vec<KeySchemaElement> {
    let element = |key: &Value| {
        KeySchemaElement::builder()
            .attribute_name(text(&key["AttributeName"]))
            .key_type(text(&key["KeyType"]).into())
            .build()
            .expect("a key")
    };
    list(keys).iter().map(element).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}
