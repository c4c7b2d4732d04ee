//! The services answer exactly the described operations, for the described callers.

use lambdakit::http::openapi::{Access, Operation, document};
use testkit::{Answer, Client, customer_id};

use crate::{ABOUT, name, operations, services};

/// A client of each service, with its operations. Callers are authorized before a store is called.
fn services() -> Vec<(Client, Vec<Operation>)> {
    let services = services::services().into_iter();
    let mut services: Vec<_> =
        services.map(|service| (Client::new(service.router), service.operations)).collect();
    // The first service answers for a gateway that has no responses of its own, as an HTTP API.
    if let (Some((_, of_gateway)), Some((_, operations))) = (operations().pop(), services.first_mut()) {
        operations.extend(of_gateway);
    }
    services
}

/// A path with a value for each parameter.
fn filled(path: &str) -> String {
    let id = "0190f2a0-0000-7000-8000-000000000000";
    path.replace("{userName}", "grace")
        .replace("{customerId}", "8a2fd9b6-6a0e-4f3a-9a3b-0d5c4f3f2b1a")
        .replace("{id}", id)
        .replace("{itemId}", id)
        .replace("{orderId}", id)
        .replace("{productId}", id)
}

async fn call(client: &Client, operation: &Operation) -> Answer {
    client.send(operation.method().as_str(), &filled(operation.path_template()), &[], "{}").await
}

/// The same as staff, who name the customer by id.
async fn call_as_staff(client: &Client, operation: &Operation) -> Answer {
    let path = format!("{}?customerId={}", filled(operation.path_template()), customer_id("grace"));
    client.send(operation.method().as_str(), &path, &[], "{}").await
}

#[tokio::test]
async fn a_service_answers_what_is_described_to_those_who_may_call() {
    for (service, operations) in services() {
        for operation in &operations {
            let name = name(operation);
            let customer = call(&service.customer("grace"), operation).await.status.as_u16();
            let nobody = call(&service.nobody(), operation).await.status.as_u16();
            match operation.access() {
                Access::Public => assert_eq!(nobody, customer, "{name}"),
                Access::SignedIn => assert_eq!(nobody, 401, "{name}"),
                Access::Group(_) => assert_eq!((nobody, customer), (401, 403), "{name}"),
                Access::Signed => assert_eq!((nobody, customer), (401, 401), "{name}"),
            }
            // 422: the empty object was rejected. 503: only the store is missing.
            let staff = call_as_staff(&service, operation).await.status.as_u16();
            if operation.access() == Access::Signed {
                assert_eq!(staff, 401, "{name}");
                continue;
            }
            // 400: a parameter is missing.
            assert!([200, 400, 422, 503].contains(&staff), "{name}: {staff}");
            if !matches!(operation.access(), Access::Group(_)) {
                assert_eq!(customer, staff, "{name}");
            }
            if operation.path_template().contains("{userName}") {
                assert_eq!(call(&service.customer("ada"), operation).await.status, 404, "{name}");
            }
        }
    }
}

#[tokio::test]
async fn a_service_answers_nothing_that_is_not_described() {
    let described: Vec<_> = operations().into_iter().flat_map(|(_, operations)| operations).collect();
    for (service, own) in services() {
        for path in described.iter().map(Operation::path_template) {
            let here =
                |method| own.iter().any(|one| one.path_template() == path && one.method().as_str() == method);
            let is_ours = own.iter().any(|one| one.path_template() == path);
            for method in
                ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().filter(|method| !here(*method))
            {
                let refused = service.send(method, &filled(path), &[], "{}").await;
                let status = if is_ours { 405 } else { 404 };
                assert_eq!(refused.status, status, "{method} {path}: {}", refused.body);
            }
        }
    }
}

#[tokio::test]
async fn a_service_answers_for_a_gateway_without_responses_of_its_own() {
    let document = document(ABOUT, operations());
    let (product, _) = services().remove(0);
    let of_gateway = operations().pop().unwrap();
    assert_eq!(of_gateway.0, "gateway");
    for operation in of_gateway.1 {
        let method = operation.method().as_str().to_lowercase();
        let described = &document["paths"][operation.path_template()][method]["responses"]["200"];
        let answer = call(&product.nobody(), &operation).await;
        assert_eq!(answer.body, described["content"]["application/json"]["example"], "{}", name(&operation));
    }
}
