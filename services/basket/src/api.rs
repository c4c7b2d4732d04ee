//! The routes under `/basket`.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use domain::basket::{Basket, BasketError, Color, Line, Offers, PricedBasket, PricedLine, Quantity};
use domain::customer::Customer;
use domain::product::ProductName;
use domain::{Amount, Currency, CustomerId, ItemId, Money, ProductId, UserName};
use lambdakit::Problem;
use lambdakit::dynamodb::page::{Page, PageRequest};
use lambdakit::http::api::{Body, Path};
use lambdakit::http::parameters::Parameters;
use lambdakit::http::problem::FieldError;
use lambdakit::idempotency::{self, IdempotencyKey};
use serde::{Deserialize, Serialize};
use shopkit::customer::{CUSTOMER_ID, CustomerCaller, Owner, Readable, Scope};
use shopkit::staff::Staff;
use shopkit::tombstone::CustomerErased;

use crate::checkout::CheckoutService;
use crate::request::{self, Item};

/// The routes.
pub fn router(service: CheckoutService) -> Router {
    Router::new()
        .route("/basket", get(list).post(replace))
        .route("/basket/checkout", post(checkout))
        .route("/basket/{userName}", get(read).delete(empty))
        .route("/basket/{userName}/items", post(add_item))
        .route("/basket/{userName}/items/{itemId}", patch(change_item).delete(remove_item))
        .with_state(service)
}

/// The path parameters below the customer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ItemPath {
    item_id: String,
}

async fn checkout(
    caller: CustomerCaller,
    State(service): State<CheckoutService>,
    key: Option<IdempotencyKey>,
    Body(body): Body,
) -> Result<Response, Problem> {
    let checkout = request::checkout(&body, service.currency)?;
    let owner = caller.authorize_write(checkout.user_name.clone())?;
    let customer = customer_of_that_name(&service, owner).await?;
    // Relative to the request (RFC 9110 section 10.2.2), so that it is valid for any stage or
    // domain.
    let orders = format!("../order/{}", customer.user_name);
    // Staff who check out for a customer have their own keys.
    let scope = format!("{}/{}", caller.subject(), customer.id);
    let request = key.map(|key| idempotency::Request::new("checkout", &scope, &key, &body));
    let receipt = service.check_out(customer, checkout, request.as_ref()).await?;
    let location = [(header::LOCATION, format!("{orders}/{}", receipt.order_id))];
    Ok((StatusCode::ACCEPTED, location, Json(receipt)).into_response())
}

async fn list(
    _: Staff,
    State(service): State<CheckoutService>,
    mut query: Parameters,
) -> Result<Json<Page<BasketSummary>>, Problem> {
    let user_name = query.optional::<UserName>("userName");
    let list = format!("basket?userName={}", user_name.iter().flatten().next().map_or("", UserName::as_str));
    let (Some(user_name), Some(page)) = (user_name, query.page(list)) else { return Err(query.invalid()) };
    Ok(Json(service.baskets.list(user_name.as_ref(), &page).await?.map(BasketSummary::from)))
}

async fn read(
    Readable(scope): Readable,
    State(service): State<CheckoutService>,
) -> Result<Json<BasketView>, Problem> {
    let customer = match scope {
        Scope::Customer(customer) => customer,
        Scope::UserName(user_name) => return read_by_name(&service, user_name).await,
    };
    let found = service.baskets.find(customer.id).await?;
    priced(&service, &found.unwrap_or_else(|| Basket::empty(customer))).await
}

/// The customer whose basket will be changed. Staff can give a wrong user name; a basket that is
/// not empty stores the right one.
async fn customer_of_that_name(
    service: &CheckoutService,
    Owner { customer, is_caller }: Owner,
) -> Result<Customer, Problem> {
    if !is_caller
        && let Some(basket) = service.baskets.find(customer.id).await?
        && basket.customer.user_name != customer.user_name
    {
        return Err(Problem::not_found("The customer of this id has another name."));
    }
    Ok(customer)
}

/// The basket of the one customer with this name whose basket is not empty.
async fn read_by_name(service: &CheckoutService, user_name: UserName) -> Result<Json<BasketView>, Problem> {
    let found = service.baskets.list(Some(&user_name), &PageRequest::first("basket")).await?;
    match &*found.items {
        [] => Ok(Json(BasketView::nobodys(user_name, service.currency))),
        [basket] if found.next_cursor.is_none() => priced(service, basket).await,
        several => Err(ambiguous(several.iter().map(|basket| basket.customer.id))),
    }
}

/// The problem when several customers with this name have baskets.
fn ambiguous(ids: impl Iterator<Item = CustomerId>) -> Problem {
    let ids: Vec<_> = ids.map(|id| id.to_string()).collect();
    Problem::new(
        StatusCode::CONFLICT,
        "ambiguous-user-name",
        "Ambiguous user name",
        format!("Several customers have had this name: say which by ?{CUSTOMER_ID}=, {}.", ids.join(" or ")),
    )
}

async fn replace(
    caller: CustomerCaller,
    State(service): State<CheckoutService>,
    Body(body): Body,
) -> Result<Json<BasketView>, Problem> {
    let (user_name, items) = request::basket(&body)?;
    let customer = customer_of_that_name(&service, caller.authorize_write(user_name)?).await?;
    let (lines, offers) = lines(&service, items, |index| format!("items[{index}].")).await?;
    let basket = Basket::with_lines(customer, lines).map_err(|error| refused(error, "items"))?;
    service.baskets.replace(&basket).await??;
    view(&service, &basket, &offers)
}

async fn empty(owner: Owner, State(service): State<CheckoutService>) -> Result<StatusCode, Problem> {
    service.baskets.empty(&customer_of_that_name(&service, owner).await?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn add_item(
    owner: Owner,
    State(service): State<CheckoutService>,
    Body(body): Body,
) -> Result<Json<BasketView>, Problem> {
    let item = request::item(&body)?;
    let customer = customer_of_that_name(&service, owner).await?;
    let (lines, _) = lines(&service, vec![item], |_| String::new()).await?;
    let add = |basket: &mut Basket| -> Result<(), Refusal> {
        Ok(lines.iter().cloned().try_for_each(|line| basket.add(line))?)
    };
    let basket = service.baskets.change(&customer, add).await?.map_err(|error| refused(error, "quantity"))?;
    priced(&service, &basket).await
}

async fn change_item(
    owner: Owner,
    State(service): State<CheckoutService>,
    Path(ItemPath { item_id }): Path<ItemPath>,
    Body(body): Body,
) -> Result<Json<BasketView>, Problem> {
    let item = item(&item_id)?;
    let quantity = request::quantity(&body)?;
    let customer = customer_of_that_name(&service, owner).await?;
    let change = |basket: &mut Basket| -> Result<(), Refusal> { Ok(basket.set_quantity(item, quantity)?) };
    let basket =
        service.baskets.change(&customer, change).await?.map_err(|error| refused(error, "quantity"))?;
    priced(&service, &basket).await
}

async fn remove_item(
    owner: Owner,
    State(service): State<CheckoutService>,
    Path(ItemPath { item_id }): Path<ItemPath>,
) -> Result<StatusCode, Problem> {
    let item = item(&item_id)?;
    let customer = customer_of_that_name(&service, owner).await?;
    let remove = |basket: &mut Basket| -> Result<(), Refusal> { Ok(basket.remove(item)?) };
    service.baskets.change(&customer, remove).await?.map_err(|error| refused(error, "itemId"))?;
    Ok(StatusCode::NO_CONTENT)
}

/// The basket at current prices.
async fn priced(service: &CheckoutService, basket: &Basket) -> Result<Json<BasketView>, Problem> {
    let offers = service.prices.offers(basket.lines().iter().map(|line| line.product_id)).await?;
    view(service, basket, &offers)
}

fn view(service: &CheckoutService, basket: &Basket, offers: &Offers) -> Result<Json<BasketView>, Problem> {
    let priced = basket.price(offers, service.currency).map_err(Problem::internal)?;
    Ok(Json(BasketView::from(priced)))
}

/// The items as lines, and their offers; or a problem that lists each unknown product.
async fn lines(
    service: &CheckoutService,
    items: Vec<Item>,
    path: impl Fn(usize) -> String,
) -> Result<(Vec<Line>, Offers), Problem> {
    let offers = service.prices.offers(items.iter().map(|item| item.product_id)).await?;
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

/// Why a change of a basket was rejected.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    Basket(#[from] BasketError),
    #[error(transparent)]
    Erased(#[from] CustomerErased),
}

fn refused(refusal: impl Into<Refusal>, field: &'static str) -> Problem {
    match refusal.into() {
        Refusal::Basket(BasketError::NoSuchItem) => Problem::not_found("The basket has no such item."),
        Refusal::Basket(error) => Problem::invalid_field(field, error),
        Refusal::Erased(error) => error.into(),
    }
}

/// A basket as clients see it.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Basket"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct BasketView {
    /// `None` when staff read a name that has no basket.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<CustomerId>,
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

impl BasketView {
    fn nobodys(user_name: UserName, currency: Currency) -> Self {
        let subtotal = Money::zero(currency).amount();
        Self { customer_id: None, user_name, items: Vec::new(), subtotal, currency }
    }
}

impl From<PricedBasket> for BasketView {
    fn from(basket: PricedBasket) -> Self {
        Self {
            customer_id: Some(basket.customer.id),
            user_name: basket.customer.user_name,
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

/// A basket in a list, without prices: these would need a read of every product.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct BasketSummary {
    customer_id: CustomerId,
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
        let items = basket.lines().iter().map(item).collect();
        Self { items, customer_id: basket.customer.id, user_name: basket.customer.user_name }
    }
}
