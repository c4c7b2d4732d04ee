//! Capacity units, as DynamoDB counts them.
//!
//! The local AWS reports the units of writes. For reads it reports the same units whatever their
//! size. Read units are therefore calculated from the item sizes of the responses: 4 KB a unit, and
//! half a unit if the read is eventually consistent.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>

use std::collections::BTreeMap;

use serde_json::Value;

use crate::call::Call;

/// Units by table, or by index as `TABLE/index`.
pub type Units = BTreeMap<String, f64>;

const READ_BYTES: u64 = 4096;

/// Units that a call has read; empty if it does not read.
pub fn read(call: &Call, answer: &Value) -> Units {
    let Some(table) = &call.table else { return Units::new() };
    let units = match &*call.operation {
        "GetItem" => of_items(&call.body, size(&answer["Item"])),
        "Query" | "Scan" => of_items(&call.body, page_size(answer)),
        "BatchGetItem" => {
            let asked = &call.body["RequestItems"][table];
            let found = array(&answer["Responses"][table]);
            // A missing item costs as much as the smallest item.
            let missing = array(&asked["Keys"]).len().saturating_sub(found.len());
            let sizes = found.iter().map(size).chain(std::iter::repeat_n(0, missing));
            sizes.map(|size| of_items(asked, size)).sum()
        }
        _ => return Units::new(),
    };
    let index = call.body["IndexName"].as_str().map(|index| format!("{table}/{index}"));
    Units::from([(index.unwrap_or_else(|| table.clone()), units)])
}

/// Units that a call has written, from its `ConsumedCapacity`.
pub fn written(consumed: &Value) -> Units {
    let mut units = Units::new();
    for of_table in consumed.as_array().map_or(std::slice::from_ref(consumed), Vec::as_slice) {
        let Some(table) = of_table["TableName"].as_str() else { continue };
        let own = of_table["Table"]["CapacityUnits"].as_f64().or(of_table["WriteCapacityUnits"].as_f64());
        *units.entry(table.to_owned()).or_default() += own.unwrap_or_default();
        for (index, of_index) in of_table["GlobalSecondaryIndexes"].as_object().into_iter().flatten() {
            *units.entry(format!("{table}/{index}")).or_default() +=
                of_index["CapacityUnits"].as_f64().unwrap_or_default();
        }
    }
    units
}

/// Whether DynamoDB reports the write units of this operation on request.
pub fn is_write(operation: &str) -> bool {
    ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"].contains(&operation)
}

fn of_items(asked: &Value, bytes: u64) -> f64 {
    let whole = bytes.div_ceil(READ_BYTES).max(1) as f64;
    if asked["ConsistentRead"] == true { whole } else { whole / 2.0 }
}

/// The size of all items read. Items that a filter dropped count with the average size of the
/// others.
fn page_size(answer: &Value) -> u64 {
    let items = array(&answer["Items"]);
    let shown: u64 = items.iter().map(size).sum();
    let scanned = answer["ScannedCount"].as_u64().unwrap_or_default();
    (shown * scanned).checked_div(items.len() as u64).unwrap_or(shown)
}

/// Bytes of an item, or of a map in one.
fn size(item: &Value) -> u64 {
    let attributes = item.as_object().into_iter().flatten();
    attributes.map(|(name, value)| name.len() as u64 + attribute(value)).sum()
}

fn attribute(value: &Value) -> u64 {
    let Some((kind, value)) = value.as_object().and_then(|value| value.iter().next()) else { return 0 };
    match &**kind {
        "S" => text(value),
        // Two digits take one byte, plus one byte.
        "N" => text(value).div_ceil(2) + 1,
        "M" => 3 + size(value) + value.as_object().map_or(0, |map| map.len() as u64),
        "L" => 3 + array(value).iter().map(|element| 1 + attribute(element)).sum::<u64>(),
        _ => 1,
    }
}

fn text(value: &Value) -> u64 {
    value.as_str().map_or(0, |text| text.len() as u64)
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(operation: &str, body: Value) -> Call {
        Call { operation: operation.to_owned(), table: Some("T".to_owned()), body }
    }

    fn item(bytes: usize) -> Value {
        json!({ "id": { "S": "x".repeat(bytes - 2) } })
    }

    fn units(call: &Call, answer: &Value) -> f64 {
        read(call, answer)["T"]
    }

    #[track_caller]
    fn assert_units(units: f64, expected: f64) {
        assert!((units - expected).abs() < 1e-9, "{units}");
    }

    #[test]
    fn an_item_has_the_bytes_of_its_names_and_values() {
        assert_eq!(size(&json!({ "id": { "S": "héllo" } })), 2 + 6);
        assert_eq!(size(&json!({ "n": { "N": "95040" } })), 1 + 4);
        assert_eq!(size(&json!({ "m": { "M": { "a": { "S": "b" } } } })), 1 + 3 + 1 + 2);
        assert_eq!(size(&json!({ "l": { "L": [{ "S": "b" }, { "BOOL": true }] } })), 1 + 3 + 2 + 2);
        assert_eq!(size(&Value::Null), 0);
    }

    #[test]
    fn a_read_costs_a_unit_for_each_four_kilobytes_begun_and_half_if_it_may_be_stale() {
        let consistent = call("GetItem", json!({ "ConsistentRead": true }));
        assert_units(units(&consistent, &json!({ "Item": item(4096) })), 1.0);
        assert_units(units(&consistent, &json!({ "Item": item(4097) })), 2.0);
        assert_units(units(&consistent, &json!({})), 1.0);
        assert_units(units(&call("GetItem", json!({})), &json!({ "Item": item(100) })), 0.5);
    }

    #[test]
    fn a_page_costs_what_all_its_items_weigh_together_shown_or_not() {
        let answer = |scanned: u64| json!({ "Items": [item(2000), item(2000)], "ScannedCount": scanned });
        assert_units(units(&call("Scan", json!({})), &answer(2)), 0.5);
        assert_units(units(&call("Scan", json!({})), &answer(20)), 5.0);
        let of_index = call("Query", json!({ "IndexName": "by-x" }));
        assert_eq!(read(&of_index, &answer(2)), Units::from([("T/by-x".to_owned(), 0.5)]));
    }

    #[test]
    fn a_batch_costs_each_item_by_itself_found_or_not() {
        let asked = call("BatchGetItem", json!({ "RequestItems": { "T": { "Keys": [{}, {}, {}] } } }));
        let answer = json!({ "Responses": { "T": [item(100), item(5000)] } });
        assert_units(units(&asked, &answer), 0.5 + 1.0 + 0.5);
    }

    #[test]
    fn writes_are_told_by_table_and_index_alone_or_in_a_transaction() {
        let put = json!({ "TableName": "T", "CapacityUnits": 3.0, "Table": { "CapacityUnits": 2.0 },
            "GlobalSecondaryIndexes": { "by-x": { "CapacityUnits": 1.0 } } });
        assert_eq!(written(&put), Units::from([("T".to_owned(), 2.0), ("T/by-x".to_owned(), 1.0)]));
        let transaction = json!([
            { "TableName": "T", "CapacityUnits": 4.0, "WriteCapacityUnits": 4.0 },
            { "TableName": "U", "CapacityUnits": 2.0, "WriteCapacityUnits": 2.0 },
        ]);
        assert_eq!(written(&transaction), Units::from([("T".to_owned(), 4.0), ("U".to_owned(), 2.0)]));
        assert_eq!(written(&Value::Null), Units::new());
    }
}
