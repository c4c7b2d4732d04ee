//! The routes under `/basket`.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use domain::basket::{Basket, BasketError, Color, Line, Offers, PricedBasket, PricedLine, Quantity};
use domain::product::ProductName;
use domain::{Amount, Currency, ItemId, ProductId, UserName};
use lambdakit::Problem;
use lambdakit::api::{Body, Path};
use lambdakit::caller::{Caller, Owner, Staff};
use lambdakit::idempotency::{self, IdempotencyKey};
use lambdakit::page::{Page, Parameters};
use lambdakit::problem::FieldError;
use serde::{Deserialize, Serialize};

use crate::checkout::Desk;
use crate::request::{self, Item};

/// The routes.
pub fn router(desk: Desk) -> Router {
    Router::new()
        .route("/basket", get(list).post(replace))
        .route("/basket/checkout", post(checkout))
        .route("/basket/{userName}", get(read).delete(empty))
        .route("/basket/{userName}/items", post(add_item))
        .route("/basket/{userName}/items/{itemId}", patch(change_item).delete(remove_item))
        .with_state(desk)
}

/// What a path names below its customer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ItemPath {
    item_id: String,
}

async fn checkout(
    caller: Caller,
    State(desk): State<Desk>,
    key: Option<IdempotencyKey>,
    Body(body): Body,
) -> Result<Response, Problem> {
    let checkout = request::checkout(&body, desk.currency)?;
    let user_name = caller.acting_for(checkout.user_name.clone())?;
    let request = key.map(|key| idempotency::Request::new("checkout", user_name.as_str(), &key, &body));
    let receipt = desk.check_out(checkout, request.as_ref()).await?;
    // Relative to the request (RFC 9110 section 10.2.2), so that it holds below any stage or domain.
    let location = [(header::LOCATION, format!("../order/{user_name}/{}", receipt.order_id))];
    Ok((StatusCode::ACCEPTED, location, Json(receipt)).into_response())
}

async fn list(
    _: Staff,
    State(desk): State<Desk>,
    mut query: Parameters,
) -> Result<Json<Page<BasketSummary>>, Problem> {
    let Some(page) = query.page("basket") else { return Err(query.invalid()) };
    Ok(Json(desk.baskets.list(&page).await?.map(BasketSummary::from)))
}

async fn read(
    Owner(user_name): Owner<UserName>,
    State(desk): State<Desk>,
) -> Result<Json<BasketView>, Problem> {
    let found = desk.baskets.get(&user_name).await?;
    priced(&desk, &found.basket).await
}

async fn replace(
    caller: Caller,
    State(desk): State<Desk>,
    Body(body): Body,
) -> Result<Json<BasketView>, Problem> {
    let (user_name, items) = request::basket(&body)?;
    let user_name = caller.acting_for(user_name)?;
    let (lines, offers) = lines(&desk, items, |index| format!("items[{index}].")).await?;
    let basket = Basket::with_lines(user_name, lines).map_err(|error| refused(error, "items"))?;
    desk.baskets.replace(&basket).await?;
    view(&desk, &basket, &offers)
}

async fn empty(Owner(user_name): Owner<UserName>, State(desk): State<Desk>) -> Result<StatusCode, Problem> {
    desk.baskets.empty(&user_name).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn add_item(
    Owner(user_name): Owner<UserName>,
    State(desk): State<Desk>,
    Body(body): Body,
) -> Result<Json<BasketView>, Problem> {
    let (lines, _) = lines(&desk, vec![request::item(&body)?], |_| String::new()).await?;
    let add = |basket: &mut Basket| lines.iter().cloned().try_for_each(|line| basket.add(line));
    let basket = desk.baskets.change(&user_name, add).await?.map_err(|error| refused(error, "quantity"))?;
    priced(&desk, &basket).await
}

async fn change_item(
    Owner(user_name): Owner<UserName>,
    State(desk): State<Desk>,
    Path(ItemPath { item_id }): Path<ItemPath>,
    Body(body): Body,
) -> Result<Json<BasketView>, Problem> {
    let item = item(&item_id)?;
    let quantity = request::quantity(&body)?;
    let change = |basket: &mut Basket| basket.set_quantity(item, quantity);
    let basket =
        desk.baskets.change(&user_name, change).await?.map_err(|error| refused(error, "quantity"))?;
    priced(&desk, &basket).await
}

async fn remove_item(
    Owner(user_name): Owner<UserName>,
    State(desk): State<Desk>,
    Path(ItemPath { item_id }): Path<ItemPath>,
) -> Result<StatusCode, Problem> {
    let item = item(&item_id)?;
    let remove = |basket: &mut Basket| basket.remove(item);
    desk.baskets.change(&user_name, remove).await?.map_err(|error| refused(error, "itemId"))?;
    Ok(StatusCode::NO_CONTENT)
}

/// The basket at today's prices.
async fn priced(desk: &Desk, basket: &Basket) -> Result<Json<BasketView>, Problem> {
    let offers = desk.prices.offers(basket.lines().iter().map(|line| line.product_id)).await?;
    view(desk, basket, &offers)
}

fn view(desk: &Desk, basket: &Basket, offers: &Offers) -> Result<Json<BasketView>, Problem> {
    let priced = basket.price(offers, desk.currency).map_err(Problem::internal)?;
    Ok(Json(BasketView::from(priced)))
}

/// The items as lines, and the offers they were made of; or a problem that names each unknown product.
async fn lines(
    desk: &Desk,
    items: Vec<Item>,
    path: impl Fn(usize) -> String,
) -> Result<(Vec<Line>, Offers), Problem> {
    let offers = desk.prices.offers(items.iter().map(|item| item.product_id)).await?;
    let (mut lines, mut unknown) = (Vec::new(), Vec::new());
    for (index, Item { product_id, color, quantity }) in items.into_iter().enumerate() {
        match offers.get(&product_id) {
            Some(offer) => lines.push(Line::new(offer, color, quantity)),
            None => unknown.push(FieldError {
                field: format!("{}productId", path(index)),
                detail: "is not a product of this shop".to_owned(),
            }),
        }
    }
    if unknown.is_empty() { Ok((lines, offers)) } else { Err(Problem::invalid(unknown)) }
}

fn item(id: &str) -> Result<ItemId, Problem> {
    id.parse().map_err(|_| refused(BasketError::NoSuchItem, "itemId"))
}

fn refused(error: BasketError, field: &'static str) -> Problem {
    match error {
        BasketError::NoSuchItem => Problem::not_found("The basket has no such item."),
        BasketError::TooManyLines | BasketError::TooManyPieces => Problem::invalid_field(field, error),
    }
}

/// A basket as clients see it.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Basket"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct BasketView {
    user_name: UserName,
    items: Vec<ItemView>,
    subtotal: Amount,
    currency: Currency,
}

/// A line as clients see it.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "BasketItem"))]
#[serde(rename_all = "camelCase")]
struct ItemView {
    item_id: ItemId,
    product_id: ProductId,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_name: Option<ProductName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<Color>,
    quantity: Quantity,
    price: Amount,
    line_total: Amount,
    price_changed: bool,
    available: bool,
}

impl From<PricedBasket> for BasketView {
    fn from(basket: PricedBasket) -> Self {
        Self {
            user_name: basket.user_name,
            items: basket.lines.into_iter().map(ItemView::from).collect(),
            subtotal: basket.subtotal.amount(),
            currency: basket.subtotal.currency(),
        }
    }
}

impl From<PricedLine> for ItemView {
    fn from(line: PricedLine) -> Self {
        Self {
            available: line.available(),
            item_id: line.item_id,
            product_id: line.product_id,
            product_name: line.product_name,
            color: line.color,
            quantity: line.quantity,
            price: line.price.amount(),
            line_total: line.total.amount(),
            price_changed: line.price_changed,
        }
    }
}

/// A basket in a list: what is in it, without prices, which would take a look at every product.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct BasketSummary {
    user_name: UserName,
    items: Vec<ItemSummary>,
}

/// A line of a basket in a list.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "BasketSummaryItem"))]
#[serde(rename_all = "camelCase")]
struct ItemSummary {
    item_id: ItemId,
    product_id: ProductId,
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<Color>,
    quantity: Quantity,
}

impl From<Basket> for BasketSummary {
    fn from(basket: Basket) -> Self {
        let item = |line: &Line| ItemSummary {
            item_id: line.item_id,
            product_id: line.product_id,
            color: line.color.clone(),
            quantity: line.quantity,
        };
        Self { items: basket.lines().iter().map(item).collect(), user_name: basket.user_name }
    }
}
