use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, Projection,
};
use serde_json::Value;

/// Creates the table that functions have in an environment variable, named like the variable. It
/// uses only the keys and indexes of the template's description.
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
    let path = std::env::var("FERROCART_TEMPLATE")
        .expect("FERROCART_TEMPLATE is not set: run these tests with `cargo xtask test services`");
    let template = std::fs::read_to_string(&path).expect("the template");
    let template: Value = serde_json::from_str(&template).expect("the template as JSON");
    let resources = template["Resources"].as_object().expect("resources");
    let id = resources
        .values()
        .find_map(|resource| resource["Properties"]["Environment"]["Variables"][variable]["Ref"].as_str())
        .unwrap_or_else(|| panic!("no function of {path} has the variable {variable}"));
    resources[id]["Properties"].clone()
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
