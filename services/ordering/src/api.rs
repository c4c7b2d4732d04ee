//! The routes under `/order`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use domain::basket::{Color, Quantity};
use domain::checkout::{Address, Email, PaymentMethod, PersonName};
use domain::order::{Order, OrderLine, OrderStatus, StatusChange};
use domain::product::ProductName;
use domain::{Amount, Currency, CustomerId, DateRange, MoneyError, OrderId, ProductId, Timestamp, UserName};
use lambdakit::Problem;
use lambdakit::dynamodb::page::Page;
use lambdakit::http::api::Path;
use lambdakit::http::parameters::Parameters;
use serde::{Deserialize, Serialize};
use shopkit::customer::{Owner, Readable, Scope};
use shopkit::staff::Staff;

use crate::store::{OrderStore, TransitionOutcome};

/// The routes.
pub fn router(orders: OrderStore) -> Router {
    Router::new()
        .route("/order", get(list))
        .route("/order/{userName}", get(list_customer))
        .route("/order/{userName}/{orderId}", get(read))
        .route("/order/{userName}/{orderId}/cancel", post(cancel))
        .with_state(orders)
}

/// The path parameters below the customer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderPath {
    order_id: String,
}

async fn list(
    _: Staff,
    State(orders): State<OrderStore>,
    mut query: Parameters,
) -> Result<Json<Page<OrderView>>, Problem> {
    let status = query.optional::<OrderStatus>("status");
    let list = format!("order?status={}", status.flatten().map_or("", OrderStatus::as_str));
    let (Some(status), Some(page)) = (status, query.page(list)) else { return Err(query.invalid()) };
    let found = match status {
        Some(status) => orders.list_status(status, &page).await?,
        None => orders.list(&page).await?,
    };
    view(found)
}

async fn list_customer(
    Readable(scope): Readable,
    State(orders): State<OrderStore>,
    mut query: Parameters,
) -> Result<Json<Page<OrderView>>, Problem> {
    let dates = query.optional::<DateRange>("orderDate");
    let list = format!("order/{scope:?}?orderDate={:?}", dates.flatten());
    let (Some(dates), Some(page)) = (dates, query.page(list)) else { return Err(query.invalid()) };
    view(match scope {
        Scope::Customer(customer) => orders.list_customer(customer.id, dates, &page).await?,
        Scope::UserName(user_name) => orders.list_user_name(&user_name, dates, &page).await?,
    })
}

async fn read(
    Readable(scope): Readable,
    State(orders): State<OrderStore>,
    Path(OrderPath { order_id }): Path<OrderPath>,
) -> Result<Json<OrderView>, Problem> {
    let id = order_id.parse().map_err(|_| unknown(&order_id))?;
    let order = match scope {
        Scope::Customer(customer) => orders.get(customer.id, id).await?,
        Scope::UserName(user_name) => orders.get_by_user_name(&user_name, id).await?,
    };
    let order = order.ok_or_else(|| unknown(&order_id))?;
    OrderView::try_from(order).map(Json).map_err(Problem::internal)
}

/// Cancels an order that fulfilment has not claimed. Otherwise only records the customer's request:
/// the workflow compensates, and makes the final decision.
async fn cancel(
    Owner { customer, .. }: Owner,
    State(orders): State<OrderStore>,
    Path(OrderPath { order_id }): Path<OrderPath>,
) -> Result<(StatusCode, Json<OrderView>), Problem> {
    let id = order_id.parse().map_err(|_| unknown(&order_id))?;
    let at = Timestamp::now();
    let accepted = |order: Order| {
        let order = OrderView::try_from(order).map_err(Problem::internal)?;
        Ok((StatusCode::ACCEPTED, Json(order)))
    };
    match orders.cancel(customer.id, id, at).await? {
        TransitionOutcome::Applied(order) => accepted(*order),
        // The first attempt was written, and its response was lost.
        TransitionOutcome::Rejected(order) if order.cancel_requested_at == Some(at) => accepted(*order),
        TransitionOutcome::Rejected(order) if order.status.is_cancellable() => Err(Problem::new(
            StatusCode::CONFLICT,
            "cancellation-under-way",
            "Cancellation under way",
            "The order is being cancelled already.",
        )),
        TransitionOutcome::Rejected(order) => Err(Problem::new(
            StatusCode::CONFLICT,
            "order-not-cancellable",
            "Order not cancellable",
            format!("The order is {}: it can be cancelled until its parcel leaves.", order.status),
        )),
        TransitionOutcome::NotFound => Err(unknown(&order_id)),
    }
}

fn unknown(order_id: &str) -> Problem {
    Problem::not_found(format!("There is no order {order_id}."))
}

fn view(page: Page<Order>) -> Result<Json<Page<OrderView>>, Problem> {
    let Page { items, next_cursor } = page;
    let items = items.into_iter().map(OrderView::try_from).collect::<Result<_, _>>();
    Ok(Json(Page { items: items.map_err(Problem::internal)?, next_cursor }))
}

/// An order as clients see it. The payment token stays with us.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Order"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderView {
    customer_id: CustomerId,
    user_name: UserName,
    order_id: OrderId,
    status: OrderStatus,
    history: Vec<StatusChange>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancel_requested_at: Option<Timestamp>,
    order_date: Timestamp,
    items: Vec<ItemView>,
    total_price: Amount,
    currency: Currency,
    first_name: PersonName,
    last_name: PersonName,
    email: Email,
    address: Address,
    payment_method: PaymentMethod,
    correlation_id: String,
}

/// A line as clients see it.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "OrderItem"))]
#[serde(rename_all = "camelCase")]
struct ItemView {
    product_id: ProductId,
    product_name: ProductName,
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<Color>,
    quantity: Quantity,
    price: Amount,
    line_total: Amount,
}

impl TryFrom<Order> for OrderView {
    type Error = MoneyError;

    fn try_from(order: Order) -> Result<Self, MoneyError> {
        Ok(Self {
            customer_id: order.customer_id,
            user_name: order.user_name,
            order_id: order.order_id,
            status: order.status,
            history: order.history,
            cancel_requested_at: order.cancel_requested_at,
            order_date: order.order_date,
            items: order.lines.into_iter().map(ItemView::try_from).collect::<Result<_, _>>()?,
            total_price: order.total_price.amount(),
            currency: order.total_price.currency(),
            first_name: order.recipient.first_name,
            last_name: order.recipient.last_name,
            email: order.recipient.email,
            address: order.recipient.address,
            payment_method: order.payment.method,
            correlation_id: order.correlation_id,
        })
    }
}

impl TryFrom<OrderLine> for ItemView {
    type Error = MoneyError;

    fn try_from(line: OrderLine) -> Result<Self, MoneyError> {
        Ok(Self {
            line_total: line.total()?.amount(),
            product_id: line.product_id,
            product_name: line.product_name,
            color: line.color,
            quantity: line.quantity,
            price: line.price.amount(),
        })
    }
}
