//! The OpenAPI description of the routes.

use axum::http::{Method, StatusCode};
use domain::basket::{Color, Quantity};
use domain::checkout::{Address, Email, PaymentMethod, PaymentToken, PersonName};
use domain::{Amount, ItemId, ProductId, UserName};
use lambdakit::dynamodb::page::Page;
use lambdakit::http::openapi::{Access, Operation, or_empty};
use schemars::JsonSchema;
use shopkit::customer;
use shopkit::staff::STAFF;

use crate::api::{BasketSummary, BasketView};
use crate::checkout::Receipt;

/// Units of a product. Its name and price are ignored: they come from the catalogue. A card number
/// is not a valid colour.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is only described; `request` reads it")]
struct Item {
    product_id: ProductId,
    #[schemars(transform = or_empty)]
    color: Option<Color>,
    quantity: Quantity,
}

/// A whole basket.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is only described; `request` reads it")]
struct NewBasket {
    user_name: UserName,
    #[schemars(length(max = domain::basket::Basket::MAX_LINES))]
    items: Vec<Item>,
}

/// A new number of units.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is only described; `request` reads it")]
struct ItemChange {
    quantity: Quantity,
}

/// The recipient and the means of payment. Fields that name card data, at any depth, and card
/// numbers in the texts below are rejected.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is only described; `request` reads it")]
struct Checkout {
    user_name: UserName,
    first_name: PersonName,
    last_name: PersonName,
    email: Email,
    address: Address,
    payment_method: PaymentMethod,
    #[schemars(transform = or_empty)]
    payment_token: Option<PaymentToken>,
    /// The total that the customer was shown. The checkout is rejected if the basket's total
    /// differs.
    expected_total: Option<Amount>,
}

/// The operations of the service.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let (all, checkout) = ("/basket", "/basket/checkout");
    let (one, items, item) =
        ("/basket/{userName}", "/basket/{userName}/items", "/basket/{userName}/items/{itemId}");
    let of = |operation: Operation| customer::of_customer(operation, "The customer.");
    let of_anybody =
        |operation| of(operation).refused(405, "Nobody is called `checkout`: that is another route.");
    let gone = |operation: Operation| {
        operation.refused(410, "The customer's data was erased: nothing is stored for them any more.")
    };
    let of_line = |operation: Operation| {
        gone(of(operation))
            .path::<ItemId>("itemId", "Names the line.")
            .refused(404, "There is no such customer, or the basket has no such line.")
    };
    vec![
        Operation::new(Access::Group(STAFF), Method::GET, all, "listBaskets", "List baskets, without prices")
            .query::<UserName>("userName", "Only of customers who have, or had, this name.")
            .paged()
            .answers::<Page<BasketSummary>>(StatusCode::OK),
        gone(customer::by_customer_id(Operation::new(
            Access::SignedIn,
            Method::POST,
            all,
            "replaceBasket",
            "Replace a basket",
        )))
        .takes::<NewBasket>()
        .answers::<BasketView>(StatusCode::OK)
        .refused(404, "There is no such customer."),
        customer::by_customer_id(Operation::new(
            Access::SignedIn,
            Method::POST,
            checkout,
            "checkOut",
            "Check out a basket",
        ))
        .idempotent()
        .rate_limited_as("checkout")
        .takes::<Checkout>()
        .answers::<Receipt>(StatusCode::ACCEPTED)
        .with_location()
        .refused(404, "There is no such customer.")
        .refused(
            409,
            "The basket is empty, has changed, costs something else, or holds what is no longer sold.",
        ),
        of_anybody(Operation::new(
            Access::SignedIn,
            Method::GET,
            one,
            "readBasket",
            "Get a basket with current prices",
        ))
        .answers::<BasketView>(StatusCode::OK)
        .refused(409, "Several customers have had this name; the answer has their ids."),
        of_anybody(Operation::new(Access::SignedIn, Method::DELETE, one, "emptyBasket", "Empty a basket")),
        gone(of(Operation::new(Access::SignedIn, Method::POST, items, "addItem", "Add an item to a basket")))
            .takes::<Item>()
            .answers::<BasketView>(StatusCode::OK),
        of_line(Operation::new(
            Access::SignedIn,
            Method::PATCH,
            item,
            "changeItem",
            "Change the quantity of an item",
        ))
        .takes::<ItemChange>()
        .answers::<BasketView>(StatusCode::OK),
        of_line(Operation::new(
            Access::SignedIn,
            Method::DELETE,
            item,
            "removeItem",
            "Remove an item from a basket",
        )),
    ]
}
