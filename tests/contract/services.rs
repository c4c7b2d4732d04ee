//! The services with routes, each with its description and its router.

use audit::store::AuditStore;
use axum::Router;
use basket::checkout::CheckoutService;
use basket::store::{BasketStore, CheckoutStore, PriceStore};
use inventory::store::StockStore;
use lambdakit::dynamodb::table::Table;
use lambdakit::http::openapi::Operation;
use lambdakit::idempotency::IdempotencyStore;
use lambdakit::parameters::Parameter;
use ordering::store::OrderStore;
use payment::store::PaymentStore;
use payment::webhook::WebhookReceiver;
use privacy::store::RequestStore;
use product::store::ProductStore;
use search::store::SearchStore;
use shipping::store::ShipmentStore;
use testkit::Account;

pub struct Service {
    pub name: &'static str,
    pub operations: Vec<Operation>,
    pub router: Router,
}

impl Service {
    fn new(name: &'static str, operations: Vec<Operation>, router: Router) -> Self {
        Self { name, operations, router }
    }
}

/// All of them, with stores that never respond.
pub fn services() -> Vec<Service> {
    let currency = "USD".parse().unwrap();
    vec![
        Service::new(
            "product",
            product::openapi::operations(),
            product::api::router(ProductStore::new(table("product")), currency),
        ),
        Service::new("basket", basket::openapi::operations(), basket::api::router(baskets())),
        Service::new(
            "ordering",
            ordering::openapi::operations(),
            ordering::api::router(OrderStore::new(table("order"))),
        ),
        Service::new(
            "privacy",
            privacy::openapi::operations(),
            privacy::api::router(RequestStore::new(table("customer"))),
        ),
        Service::new(
            "inventory",
            inventory::openapi::operations(),
            inventory::api::router(StockStore::new(table("stock"))),
        ),
        Service::new(
            "shipping",
            shipping::openapi::operations(),
            shipping::api::router(ShipmentStore::new(table("shipment"))),
        ),
        Service::new("payment", payment::openapi::operations(), payments()),
        Service::new(
            "audit",
            audit::openapi::operations(),
            audit::api::router(AuditStore::new(table("audit"))),
        ),
        Service::new(
            "search",
            search::openapi::operations(),
            search::api::router(SearchStore::new(table("search"))),
        ),
    ]
}

fn baskets() -> CheckoutService {
    let baskets = BasketStore::new(table("basket"));
    let idempotency = IdempotencyStore::new(table("idempotency"));
    let checkouts = CheckoutStore::new(table("checkout"), baskets.clone(), idempotency.clone());
    let prices = PriceStore::new(table("price"));
    CheckoutService { baskets, prices, checkouts, idempotency, currency: "USD".parse().unwrap() }
}

fn payments() -> Router {
    let payments = PaymentStore::new(table("payment"));
    let secrets = Parameter::fixed("whsec_YSBzZWNyZXQgdGhhdCBub2JvZHkgc2lnbnMgd2l0aA==".parse().unwrap());
    payment::api::router(payments.clone())
        .merge(payment::webhook::router(WebhookReceiver::new(payments, secrets)))
}

fn table(name: &str) -> Table {
    Account::of_the_shop_at("http://127.0.0.1:9").known_table(name)
}
