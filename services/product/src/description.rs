//! The OpenAPI document of the services that are deployed. Only this service serves it; tests check
//! that its source describes all services.

use std::collections::BTreeSet;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use serde_json::{Map, Value};
use shopkit::deployed::DeployedServices;

const DOCUMENT: &str = include_str!("../../../docs/openapi.json");
const SCHEMA: &str = "#/components/schemas/";
/// The tag of operations that the gateway answers itself.
const GATEWAY: &str = "gateway";

/// The document, made once for each set of services. It changes when a stage is deployed again.
#[derive(Clone, Debug, Default)]
pub struct Description(Arc<Mutex<Option<(DeployedServices, Bytes)>>>);

impl Description {
    /// The document of these services.
    ///
    /// # Errors
    /// When the source is no OpenAPI document.
    pub fn of(&self, services: DeployedServices) -> serde_json::Result<Bytes> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, document)) = &*made
            && *of == services
        {
            return Ok(document.clone());
        }
        let document = Bytes::from(serde_json::to_vec(&describe(&services)?)?);
        *made = Some((services, document.clone()));
        Ok(document)
    }
}

/// The document without the operations of other services, and without the schemas that only they
/// use.
fn describe(services: &DeployedServices) -> serde_json::Result<Value> {
    let mut document: Value = serde_json::from_str(DOCUMENT)?;
    let is_served = |operation: &Value| {
        let tags = operation["tags"].as_array().map_or(&[][..], Vec::as_slice);
        tags.iter().filter_map(Value::as_str).any(|tag| tag == GATEWAY || services.include(tag))
    };
    if let Some(paths) = document["paths"].as_object_mut() {
        paths.retain(|_, operations| {
            operations.as_object_mut().is_some_and(|operations| {
                operations.retain(|_, operation| is_served(operation));
                !operations.is_empty()
            })
        });
    }
    remove_unused_schemas(&mut document);
    Ok(document)
}

fn remove_unused_schemas(document: &mut Value) {
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    let mut schemas: Map<String, Value> = mem::take(schemas);
    let (mut used, mut open) = (BTreeSet::new(), Vec::new());
    collect_references(document, &mut open);
    while let Some(name) = open.pop() {
        if let Some(schema) = schemas.get(&name)
            && used.insert(name)
        {
            collect_references(schema, &mut open);
        }
    }
    schemas.retain(|name, _| used.contains(name));
    document["components"]["schemas"] = schemas.into();
}

/// Adds the names of the schemas that a part of a document refers to.
fn collect_references(part: &Value, names: &mut Vec<String>) {
    match part {
        Value::String(text) => names.extend(text.strip_prefix(SCHEMA).map(ToOwned::to_owned)),
        Value::Array(parts) => parts.iter().for_each(|part| collect_references(part, names)),
        Value::Object(parts) => parts.values().for_each(|part| collect_references(part, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(part: &Value) -> Vec<&str> {
        part.as_object().unwrap().keys().map(String::as_str).collect()
    }

    fn schemas(document: &Value) -> Vec<&str> {
        names(&document["components"]["schemas"])
    }

    #[test]
    fn operations_of_services_that_are_not_deployed_are_left_out() {
        let document = describe(&DeployedServices::new(["product", "ordering", "fulfilment"])).unwrap();
        let paths = [
            "/health",
            "/openapi.json",
            "/order",
            "/order/{userName}",
            "/order/{userName}/{orderId}",
            "/order/{userName}/{orderId}/cancel",
            "/product",
            "/product/{id}",
        ];
        assert_eq!(names(&document["paths"]), paths);
        assert_eq!(names(&document["paths"]["/product/{id}"]), ["delete", "get", "patch", "put"]);
    }

    #[test]
    fn schemas_are_those_that_the_operations_use() {
        let document = describe(&DeployedServices::new(["ordering"])).unwrap();
        let known = schemas(&document);
        assert!(known.contains(&"Order") && known.contains(&"Problem"), "{known:?}");
        for other in ["Product", "Basket", "Payment"] {
            assert!(!known.contains(&other), "{known:?}");
        }
        let mut references = Vec::new();
        collect_references(&document, &mut references);
        let references: BTreeSet<_> = references.iter().map(String::as_str).collect();
        assert_eq!(references, known.into_iter().collect());
    }

    #[test]
    fn everything_is_described_without_a_list_of_services() {
        let document = describe(&DeployedServices::default()).unwrap();
        assert_eq!(document, serde_json::from_str::<Value>(DOCUMENT).unwrap());
    }

    #[test]
    fn documents_are_made_once_for_the_same_services() {
        let description = Description::default();
        let of = |names: &[&str]| description.of(DeployedServices::new(names.iter().copied())).unwrap();
        let first = of(&["product"]);
        assert_eq!(first.as_ptr(), of(&["product"]).as_ptr());
        assert!(of(&["product", "basket"]).len() > first.len());
        assert_eq!(of(&["product"]), first);
    }
}
