//! Order fulfilment with Step Functions workflows that wait for task tokens.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use lambdakit::aws::Aws;
use lambdakit::dynamodb::table::Table;
use lambdakit::messaging::command::CommandQueue;
use lambdakit::messaging::publish::Publisher;
use lambdakit::outbox::{Outbox, Quarantine};
use lambdakit::workflow::executions::{Tasks, Workflow};
use lambdakit::workflow::steps::{self, StepError};
use ordering::fulfilment::events::FulfilmentHandler;
use ordering::fulfilment::steps::{FulfilmentSteps, StepOutcome};
use ordering::fulfilment::store::FulfilmentStore;
use ordering::store::OrderStore;
use serde_json::{Value, json};
use testkit::faults::{Fault, FaultProxy, Rule};
use testkit::{Account, Bus, customer_id, deliver, eventually};

use crate::{SAMPLE, Shop, order, shop_of};

const ID: &str = "019c13ec-a1e8-7000-8000-000000000001";
const AT: &str = "2026-01-31T13:00:00.000Z";
/// The token of a try that failed: no task waits with it any more.
const OVER: &str = "of-a-try-that-failed";

/// An ordering service with one order of `swn`, queues that replace payment and shipping, and a
/// workflow. Its only task sends its token to a queue and waits.
struct World {
    account: Account,
    shop: Shop,
    handler: FulfilmentHandler,
    steps: FulfilmentSteps,
    tokens: String,
    payment: String,
    shipping: String,
    workflow: String,
}

async fn world() -> World {
    let account = Account::new();
    let of_service = account.aws().clone();
    world_of(account, &of_service).await
}

/// A world in which `of_service` makes the calls of fulfilment.
async fn world_of(account: Account, of_service: &Aws) -> World {
    let shop = shop_of(&account, &account).await;
    account.table("FULFILMENT_TABLE").await;
    let workflows = account.aws().workflows();
    let [tokens, payment, shipping] =
        [account.queue("tokens").await, account.queue("payment").await, account.queue("shipping").await];
    let definition = json!({ "QueryLanguage": "JSONata", "StartAt": "Wait", "States": { "Wait": {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Arguments": { "QueueUrl": tokens, "MessageBody": {
            "token": "{% $states.context.Task.Token %}", "input": "{% $states.input %}",
        } },
        "End": true,
    } } });
    let created = workflows
        .create_state_machine()
        .name("waiting")
        .role_arn(account.role("waiting").await)
        .definition(definition.to_string());
    let workflow = created.send().await.unwrap().state_machine_arn;
    let table = |name: &str| Table::new(of_service.dynamodb(), name.to_owned());
    let orders = OrderStore::new(table("ORDER_TABLE"));
    let fulfilments = FulfilmentStore::new(table("FULFILMENT_TABLE"));
    let commands = |url: &String| CommandQueue::new(of_service.sqs(), url.clone());
    let tasks = Tasks::new(of_service.workflows());
    let started = Workflow::new(of_service.workflows(), workflow.clone());
    let handler = FulfilmentHandler::new(
        orders.clone(),
        fulfilments.clone(),
        started,
        tasks.clone(),
        commands(&shipping),
    );
    let steps = FulfilmentSteps::new(orders, fulfilments, tasks, commands(&payment), commands(&shipping));
    assert!(shop.deliver(&[order("swn", 1)]).await.is_empty());
    World { account, shop, handler, steps, tokens, payment, shipping, workflow }
}

impl World {
    /// A world whose order event was delivered, and the token of its waiting workflow.
    async fn begun() -> (Self, String) {
        world().await.begin().await
    }

    /// The same, with a proxy between fulfilment and AWS.
    async fn begun_behind_faults() -> (Self, String, FaultProxy) {
        let account = Account::new();
        let faults = account.faults().await;
        let of_service = account.behind(&faults).aws().clone();
        let (world, token) = world_of(account, &of_service).await.begin().await;
        (world, token, faults)
    }

    async fn begin(self) -> (Self, String) {
        assert!(self.handle("OrderPlaced", placed()).await);
        let token = self.message(&self.tokens).await["token"].as_str().unwrap().to_owned();
        (self, token)
    }

    /// Marks the order as reserved and commands its charge.
    async fn charge(&self) {
        assert_eq!(self.step("charge", json!({ "taskToken": OVER })).await, Ok(()));
        assert_eq!(self.message(&self.payment).await["detail-type"], "ChargePayment");
    }

    /// Marks the charged order as paid and commands its parcel.
    async fn ship(&self) {
        assert_eq!(self.step("ship", json!({ "taskToken": OVER })).await, Ok(()));
        assert_eq!(self.message(&self.shipping).await["detail-type"], "ShipOrder");
    }

    /// Delivers an event and returns whether it was acknowledged.
    async fn handle(&self, name: &str, data: Value) -> bool {
        let metadata = json!({
            "eventId": "0f1e2d3c-0000-5000-8000-000000000009", "version": 1, "correlationId": "c-1", "occurredAt": AT,
        });
        let body = json!({
            "detail-type": name, "source": "shop.any", "detail": { "metadata": metadata, "data": data },
        });
        let message = json!({ "messageId": "m", "body": body.to_string() });
        deliver(&self.handler, json!({ "Records": [message] })).await.is_empty()
    }

    async fn deliver_for_order(&self, name: &str) {
        assert!(self.handle(name, json!({ "orderId": ID })).await, "{name}");
    }

    /// Runs a step and returns the name of its error.
    async fn step(&self, step: &str, more: Value) -> Result<(), String> {
        self.outcome(step, more).await.map(|outcome| assert_eq!(outcome, StepOutcome::Done, "{step}"))
    }

    /// The outcome of a step, or the name of the error that its invocation fails with.
    async fn outcome(&self, step: &str, more: Value) -> Result<StepOutcome, String> {
        let mut call = json!({ "step": step, "orderId": ID, "correlationId": "c-1" });
        call.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        let done = steps::invoke(&self.steps, &call.to_string(), None).await;
        done.map(|report| report.outcome).map_err(|error: StepError| error.name().to_owned())
    }

    async fn message(&self, queue: &str) -> Value {
        let sqs = self.account.aws().sqs();
        let body = eventually("a message", async || {
            let received = sqs.receive_message().queue_url(queue).send().await.unwrap();
            let message = received.messages.unwrap_or_default().pop()?;
            let delete = sqs.delete_message().queue_url(queue);
            delete.receipt_handle(message.receipt_handle.unwrap()).send().await.unwrap();
            message.body
        });
        serde_json::from_str(&body.await).unwrap()
    }

    async fn is_empty(&self, queue: &str) -> bool {
        let received = self.account.aws().sqs().receive_message().queue_url(queue).send().await.unwrap();
        received.messages.unwrap_or_default().is_empty()
    }

    /// The error of the finished execution, if it has one.
    async fn end(&self) -> Option<String> {
        let workflows = self.account.aws().workflows();
        let arn = format!("{}:{ID}", self.workflow.replace(":stateMachine:", ":execution:"));
        eventually("the end of the execution", async || {
            let execution = workflows.describe_execution().execution_arn(&arn).send().await.unwrap();
            (execution.status.as_str() != "RUNNING").then_some(execution.error)
        })
        .await
    }

    /// The publisher of order changes, and the bus that it publishes to.
    async fn outbox(&self) -> (Outbox, Bus) {
        let (bus, failures) = (self.account.bus().await, self.account.queue("failures").await);
        let aws = self.account.aws();
        let publisher = Publisher::new(aws.eventbridge(), bus.name());
        let quarantine = Quarantine::new(aws.sqs(), failures, "ordering-publisher".to_owned());
        (Outbox::new(publisher, quarantine, ordering::outbox::translate), bus)
    }

    async fn order(&self) -> Value {
        self.shop.client.get(&format!("/order/swn/{ID}")).await.expect(200).body
    }

    async fn statuses(&self) -> Vec<String> {
        let order = self.order().await;
        let history = order["history"].as_array().unwrap().clone();
        assert_eq!(history.last().unwrap()["status"], order["status"]);
        // A late event is stored 1 ms after the newest history entry.
        assert!(history.is_sorted_by(|a, b| a["at"].as_str() < b["at"].as_str()), "{history:?}");
        history.iter().map(|change| change["status"].as_str().unwrap().to_owned()).collect()
    }

    async fn cancel(&self, user: &str) -> testkit::Answer {
        let client = self.shop.client.customer(user);
        client.send("POST", &format!("/order/swn/{ID}/cancel"), &[], "").await
    }
}

fn of_swn() -> Value {
    json!({ "orderId": ID, "customerId": customer_id("swn"), "userName": "swn" })
}

fn placed() -> Value {
    json!({
        "orderId": ID, "customerId": customer_id("swn"), "userName": "swn", "totalPrice": 2770.8, "currency": "USD",
        "units": [{ "productId": "019c1430-4400-7000-8000-000000000001", "quantity": 2 }],
    })
}

#[tokio::test]
async fn an_order_has_one_execution_however_often_it_is_told_of() {
    let world = world().await;
    for _ in 0..3 {
        assert!(world.handle("OrderPlaced", placed()).await);
    }
    let begun = world.message(&world.tokens).await;
    assert_eq!(begun["input"]["orderId"], ID);
    assert_eq!(begun["input"]["units"], placed()["units"]);
    // Step Functions keeps the history of an execution for 90 days.
    assert!(!begun.to_string().contains("swn"), "{begun}");
    assert!(!begun.to_string().contains(&customer_id("swn")), "{begun}");
    assert!(world.is_empty(&world.tokens).await);
}

#[tokio::test]
async fn payment_is_commanded_and_the_workflow_waits_for_what_it_tells() {
    let (world, token) = World::begun().await;
    assert_eq!(world.step("charge", json!({ "taskToken": token })).await, Ok(()));
    let command = world.message(&world.payment).await;
    assert_eq!(command["detail-type"], "ChargePayment");
    assert_eq!(command["detail"]["data"]["amount"].to_string(), "2770.8");
    assert_eq!(command["detail"]["data"]["payment"]["token"], "tok_visa");
    assert_eq!(command["detail"]["metadata"]["correlationId"], "sample-5");
    assert!(
        world.handle("PaymentSettled", json!({ "orderId": ID, "amount": 2770.8, "currency": "USD" })).await
    );
    assert_eq!(world.end().await, None);
    // A redelivered event is acknowledged although the workflow no longer waits.
    assert!(
        world.handle("PaymentSettled", json!({ "orderId": ID, "amount": 2770.8, "currency": "USD" })).await
    );
}

#[tokio::test]
async fn refusals_of_payment_and_shipping_fail_the_task_by_their_name() {
    let declined = json!({ "orderId": ID, "reason": "INSUFFICIENT_FUNDS" });
    let order = json!({ "orderId": ID });
    for (step, fact, data, error) in [
        ("charge", "PaymentDeclined", &declined, "PaymentDeclined"),
        ("ship", "ShipmentRefused", &order, "ShippingImpossible"),
        ("ship", "ShipmentCancelled", &order, "Cancelled"),
        ("cancelShipment", "ShipmentCancelled", &order, "Cancelled"),
    ] {
        let (world, token) = World::begun().await;
        if step != "charge" {
            world.charge().await;
        }
        assert_eq!(world.step(step, json!({ "taskToken": token })).await, Ok(()));
        assert!(world.handle(fact, data.clone()).await);
        assert_eq!(world.end().await.as_deref(), Some(error));
    }
}

#[tokio::test]
async fn answers_that_arrive_before_the_task_waits_are_kept() {
    let (world, token) = World::begun().await;
    world.charge().await;
    world.ship().await;
    world.deliver_for_order("ShipmentDispatched").await;
    // The first of two results counts.
    world.deliver_for_order("ShipmentCancelled").await;
    assert_eq!(world.step("ship", json!({ "taskToken": token })).await, Ok(()));
    assert_eq!(world.end().await, None);
    assert!(world.is_empty(&world.shipping).await);
}

#[tokio::test]
async fn a_task_that_is_tried_again_waits_with_its_new_token() {
    let (world, token) = World::begun().await;
    // The token of the failed attempt may be stored late.
    assert_eq!(world.step("refund", json!({ "taskToken": token })).await, Ok(()));
    assert_eq!(world.step("refund", json!({ "taskToken": OVER })).await, Ok(()));
    assert_eq!(world.message(&world.payment).await["detail-type"], "RefundPayment");
    assert!(world.handle("PaymentRefunded", json!({ "orderId": ID, "amount": 0 })).await);
    assert_eq!(world.end().await, None);
}

#[tokio::test]
async fn an_order_goes_its_way_once_and_keeps_its_history() {
    let (world, _) = World::begun().await;
    for step in ["charge", "ship"] {
        for _ in 0..2 {
            assert_eq!(world.step(step, json!({ "taskToken": OVER })).await, Ok(()), "{step}");
        }
    }
    for event in ["ShipmentDispatched", "ShipmentDelivered"] {
        for _ in 0..2 {
            world.deliver_for_order(event).await;
        }
    }
    assert_eq!(world.statuses().await, ["PENDING", "STOCK_RESERVED", "PAID", "SHIPPED", "DELIVERED"]);
    // A transition that the state machine does not have is rejected.
    let close = json!({ "status": "CANCELLED", "reason": "CUSTOMER_REQUEST" });
    assert_eq!(world.step("close", close).await, Err("Broken".to_owned()));
    assert_eq!(world.statuses().await.len(), 5);
}

#[tokio::test]
async fn a_parcel_that_arrives_before_the_workflow_knows_that_it_left_has_left() {
    let (world, _) = World::begun().await;
    world.charge().await;
    world.ship().await;
    world.deliver_for_order("ShipmentDelivered").await;
    world.deliver_for_order("ShipmentDispatched").await;
    assert_eq!(world.statuses().await, ["PENDING", "STOCK_RESERVED", "PAID", "SHIPPED", "DELIVERED"]);
}

#[tokio::test]
async fn a_parcel_that_has_arrived_has_left_also_for_a_workflow_that_never_heard_of_it() {
    let (world, token) = World::begun().await;
    world.charge().await;
    assert_eq!(world.step("ship", json!({ "taskToken": token })).await, Ok(()));
    world.deliver_for_order("ShipmentDelivered").await;
    assert_eq!(world.end().await, None);
}

#[tokio::test]
async fn a_parcel_that_leaves_or_arrives_for_an_order_that_was_closed_is_not_passed_over() {
    let (world, _) = World::begun().await;
    let close = json!({ "status": "CANCELLED", "reason": "FULFILMENT_FAILED" });
    assert_eq!(world.step("close", close).await, Ok(()));
    for event in ["ShipmentDispatched", "ShipmentDelivered"] {
        assert!(!world.handle(event, json!({ "orderId": ID })).await, "{event}");
    }
    assert_eq!(world.statuses().await, ["PENDING", "CANCELLED"]);
}

#[tokio::test]
async fn an_order_that_ends_early_says_why() {
    let (world, _) = World::begun().await;
    let close = json!({ "status": "REJECTED", "reason": "OUT_OF_STOCK" });
    for _ in 0..2 {
        assert_eq!(world.step("close", close.clone()).await, Ok(()));
    }
    let order = world.order().await;
    assert_eq!(order["status"], "REJECTED");
    assert_eq!(order["history"][1]["reason"], "OUT_OF_STOCK");
    assert_eq!(order["history"].as_array().unwrap().len(), 2);
    // A step of a workflow that should not exist.
    for step in ["charge", "ship"] {
        let more = json!({ "taskToken": OVER });
        assert_eq!(world.step(step, more).await, Err("Broken".to_owned()), "{step}");
    }
    assert!(world.is_empty(&world.payment).await && world.is_empty(&world.shipping).await);
}

#[tokio::test]
async fn an_order_that_was_cancelled_goes_no_further() {
    for is_charged in [false, true] {
        let (world, token) = World::begun().await;
        if is_charged {
            world.charge().await;
        }
        let answer = world.cancel("swn").await.expect(202);
        assert!(answer.body["cancelRequestedAt"].is_string());
        let statuses = world.statuses().await;
        // It is no error of the function: the task makes the workflow compensate.
        let command = if is_charged { "ship" } else { "charge" };
        for _ in 0..2 {
            let outcome = world.outcome(command, json!({ "taskToken": token })).await;
            assert_eq!(outcome, Ok(StepOutcome::CancelRequested));
        }
        assert_eq!(world.end().await.as_deref(), Some("CancelRequested"));
        assert!(world.is_empty(&world.payment).await && world.is_empty(&world.shipping).await);
        assert_eq!(world.statuses().await, statuses);
        // A completed step stays completed if the workflow repeats it.
        if is_charged {
            world.charge().await;
        }
        let close = json!({ "status": "CANCELLED", "reason": "CUSTOMER_REQUEST" });
        assert_eq!(world.step("close", close).await, Ok(()));
        assert_eq!(world.order().await["status"], "CANCELLED");
    }
}

/// The steps that mark the order and send a command: the table's attribute of the wait, the status,
/// and the queue.
fn commands(world: &World) -> [(&'static str, &'static str, &'static str, String); 2] {
    [
        ("charge", "paymentTask", "STOCK_RESERVED", world.payment.clone()),
        ("ship", "deliveryTask", "PAID", world.shipping.clone()),
    ]
}

#[tokio::test]
async fn an_order_that_is_cancelled_after_it_was_marked_is_still_commanded() {
    for command in ["charge", "ship"] {
        let (world, token, faults) = World::begun_behind_faults().await;
        if command == "ship" {
            world.charge().await;
        }
        // The mark succeeds, and the command cannot be sent.
        faults.add(Rule::new(Fault::Refuse).on("SendMessage"));
        let more = json!({ "taskToken": token });
        assert_eq!(world.step(command, more.clone()).await, Err("Unavailable".to_owned()));
        faults.clear();
        let statuses = world.statuses().await;
        assert_eq!(statuses.last().unwrap(), if command == "ship" { "PAID" } else { "STOCK_RESERVED" });
        world.cancel("swn").await.expect(202);
        let queue = if command == "ship" { &world.shipping } else { &world.payment };
        assert!(world.is_empty(queue).await);
        assert_eq!(world.step(command, more).await, Ok(()));
        assert_eq!(world.message(queue).await["detail"]["data"]["orderId"], ID);
        assert_eq!(world.statuses().await, statuses);
    }
}

#[tokio::test]
async fn a_mark_whose_answer_is_lost_counts_also_if_the_customer_cancels_meanwhile() {
    let (world, token, faults) = World::begun_behind_faults().await;
    let step = world.step("charge", json!({ "taskToken": token }));
    let cancelled = async {
        world.cancel("swn").await.expect(202);
    };
    assert_eq!(faults.meanwhile("UpdateItem", step, cancelled).await, Ok(()));
    assert_eq!(world.message(&world.payment).await["detail-type"], "ChargePayment");
    assert_eq!(world.statuses().await, ["PENDING", "STOCK_RESERVED"]);
}

#[tokio::test]
async fn a_command_whose_answers_are_lost_is_sent_again_under_its_id() {
    let (world, _, faults) = World::begun_behind_faults().await;
    for (step, _, status, queue) in commands(&world) {
        let more = json!({ "taskToken": OVER });
        faults.add(Rule::new(Fault::LoseAnswer).on("SendMessage"));
        assert_eq!(world.step(step, more.clone()).await, Err("Unavailable".to_owned()));
        faults.clear();
        assert_eq!(world.step(step, more).await, Ok(()));
        assert_eq!(world.order().await["status"], status);
        // Each of the SDK's three tries was sent, and the repeated step.
        let mut ids = Vec::new();
        for _ in 0..4 {
            ids.push(world.message(&queue).await["detail"]["metadata"]["eventId"].to_string());
        }
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }
    assert_eq!(world.statuses().await, ["PENDING", "STOCK_RESERVED", "PAID"]);
}

#[tokio::test]
async fn an_order_that_cannot_be_marked_is_not_commanded() {
    let (world, _, faults) = World::begun_behind_faults().await;
    for (step, task, status, queue) in commands(&world) {
        faults.add(Rule::new(Fault::Refuse).on("UpdateItem").of("ORDER_TABLE"));
        let more = json!({ "taskToken": OVER });
        assert_eq!(world.step(step, more.clone()).await, Err("Unavailable".to_owned()));
        faults.clear();
        assert_ne!(world.order().await["status"], status);
        let rows = world.shop.dynamodb.scan().table_name("FULFILMENT_TABLE").send().await.unwrap();
        assert!(!rows.items()[0].contains_key(task), "it does not wait: {rows:?}");
        assert!(world.is_empty(&queue).await);
        // The workflow retries the step.
        assert_eq!(world.step(step, more).await, Ok(()));
        assert_eq!(world.message(&queue).await["detail"]["data"]["orderId"], ID);
    }
}

#[tokio::test]
async fn an_order_is_shipped_before_its_workflow_goes_on() {
    let (world, token, faults) = World::begun_behind_faults().await;
    world.charge().await;
    assert_eq!(world.step("ship", json!({ "taskToken": token })).await, Ok(()));
    faults.add(Rule::new(Fault::Refuse).on("UpdateItem").of("ORDER_TABLE"));
    assert!(!world.handle("ShipmentDispatched", json!({ "orderId": ID })).await);
    faults.clear();
    // The workflow waits as long as the order cannot be marked.
    let rows = world.shop.dynamodb.scan().table_name("FULFILMENT_TABLE").send().await.unwrap();
    assert!(!rows.items()[0].contains_key("deliveryAnswer"), "{rows:?}");
    // The order is marked if the task cannot be completed, which the redelivered event does.
    faults.add(Rule::new(Fault::Refuse).on("SendTaskSuccess"));
    assert!(!world.handle("ShipmentDispatched", json!({ "orderId": ID })).await);
    faults.clear();
    assert_eq!(world.order().await["status"], "SHIPPED");
    world.deliver_for_order("ShipmentDispatched").await;
    assert_eq!(world.end().await, None);
    assert_eq!(world.statuses().await, ["PENDING", "STOCK_RESERVED", "PAID", "SHIPPED"]);
}

/// The order is shipped although its customer has cancelled it: the parcel had left.
#[tokio::test]
async fn a_shipment_that_could_not_be_cancelled_goes_on_as_shipped() {
    let (world, token) = World::begun().await;
    world.charge().await;
    world.ship().await;
    world.cancel("swn").await.expect(202);
    assert_eq!(world.step("cancelShipment", json!({ "taskToken": token })).await, Ok(()));
    assert_eq!(world.message(&world.shipping).await["detail-type"], "CancelShipment");
    world.deliver_for_order("ShipmentDispatched").await;
    assert_eq!(world.end().await, None);
    assert_eq!(world.statuses().await, ["PENDING", "STOCK_RESERVED", "PAID", "SHIPPED"]);
}

/// Expected outcomes must not fail the invocation: Lambda would count them as errors.
#[test]
fn workflow_tasks_fail_by_expected_refusals_only_where_a_token_is_answered() {
    let definition: Value = serde_json::from_str(include_str!("../../fulfilment.asl.json")).unwrap();
    let states = definition["States"].as_object().unwrap();
    let called = states.iter().filter(|(_, state)| state["Resource"] == "arn:aws:states:::lambda:invoke");
    let mut seen = 0;
    for (name, state) in called {
        for caught in state["Catch"].as_array().unwrap() {
            assert_eq!(caught["ErrorEquals"], json!(["States.ALL"]), "{name}");
            seen += 1;
        }
    }
    // ReserveStock, ShipStock, ReleaseStock and Close.
    assert_eq!(seen, 4);
}

/// The compensation that follows each error, in the order in which Step Functions matches them.
#[test]
fn failed_commands_are_compensated_as_far_as_they_may_have_got() {
    let definition: Value = serde_json::from_str(include_str!("../../fulfilment.asl.json")).unwrap();
    for (state, expected) in [
        (
            "Charge",
            // Whether the order was charged is unknown after the last two. A refund of an order that
            // was never charged is done at once.
            &[
                ("CancelRequested", "ReleaseStock", "CANCELLED", "CUSTOMER_REQUEST"),
                ("PaymentDeclined", "ReleaseStock", "REJECTED", "PAYMENT_DECLINED"),
                ("States.Timeout", "Refund", "REJECTED", "PAYMENT_TIMED_OUT"),
                ("States.ALL", "Refund", "REJECTED", "FULFILMENT_FAILED"),
            ][..],
        ),
        (
            "Ship",
            &[
                ("ShippingImpossible", "Refund", "CANCELLED", "SHIPPING_IMPOSSIBLE"),
                ("CancelRequested", "Refund", "CANCELLED", "CUSTOMER_REQUEST"),
                ("Cancelled", "Refund", "CANCELLED", "CUSTOMER_REQUEST"),
                ("States.ALL", "CancelShipment", "CANCELLED", "FULFILMENT_FAILED"),
            ],
        ),
    ] {
        let caught = definition["States"][state]["Catch"].as_array().unwrap().iter().flat_map(|caught| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let end = &caught["Assign"]["end"];
            let [next, status, reason] = [&caught["Next"], &end["status"], &end["reason"]].map(text);
            let errors = caught["ErrorEquals"].as_array().unwrap().iter();
            errors.map(move |error| (text(error), next.clone(), status.clone(), reason.clone()))
        });
        let expected = expected.iter().map(|&(error, next, status, reason)| {
            (error.to_owned(), next.to_owned(), status.to_owned(), reason.to_owned())
        });
        assert!(caught.eq(expected), "{state}");
    }
}

#[tokio::test]
async fn an_order_is_cancelled_once_by_its_customer_and_until_its_parcel_leaves() {
    let (world, _) = World::begun().await;
    world.cancel("grace").await.expect(404);
    world.cancel("swn").await.expect(202);
    let again = world.cancel("swn").await.expect(409);
    assert_eq!(again.body["title"], "Cancellation under way");

    let (world, _) = World::begun().await;
    world.charge().await;
    world.ship().await;
    world.deliver_for_order("ShipmentDispatched").await;
    let before = world.order().await;
    let late = world.cancel("swn").await.expect(409);
    assert_eq!(late.body["title"], "Order not cancellable");
    assert_eq!(world.order().await, before);
    let unknown = "/order/swn/019c13ec-a1e8-7000-8000-00000000ffff/cancel";
    let swn = world.shop.client.customer("swn");
    swn.send("POST", unknown, &[], "").await.expect(404);
    swn.send("POST", "/order/swn/nonsense/cancel", &[], "").await.expect(404);
    let by_name = world.shop.client.send("POST", unknown, &[], "").await.expect(400);
    assert_eq!(by_name.fields_at_fault(), ["customerId"]);
    let by_id = format!("{unknown}?customerId={}", customer_id("swn"));
    world.shop.client.send("POST", &by_id, &[], "").await.expect(404);
}

#[tokio::test]
async fn delivery_is_told_to_keep_the_parcel_of_an_order_that_was_cancelled() {
    let (world, _) = World::begun().await;
    assert!(world.handle("OrderCancellationRequested", of_swn()).await);
    let command = world.message(&world.shipping).await;
    assert_eq!(command["detail-type"], "CancelShipment");
    assert_eq!(command["detail"]["data"]["orderId"], ID);
}

#[tokio::test]
async fn orders_cancelled_before_they_are_claimed_are_not_fulfilled() {
    let world = world().await;
    let cancel = format!("/order/swn/{ID}/cancel?customerId={}", customer_id("swn"));
    let order = world.shop.client.send("POST", &cancel, &[], "").await.expect(202).body;
    assert_eq!(order["status"], "CANCELLED");
    assert!(world.handle("OrderPlaced", placed()).await);
    let fulfilments = world.shop.dynamodb.scan().table_name("FULFILMENT_TABLE").send().await.unwrap();
    assert!(fulfilments.items().is_empty());
    let executions = world.account.aws().workflows().list_executions().state_machine_arn(&world.workflow);
    assert!(executions.send().await.unwrap().executions().is_empty());
}

#[tokio::test]
async fn replayed_orders_that_are_under_way_are_not_begun_again() {
    let (world, token) = World::begun().await;
    assert_eq!(world.step("charge", json!({ "taskToken": token })).await, Ok(()));
    // As if fulfilment had been removed and added again since.
    let delete = world.shop.dynamodb.delete_item().table_name("FULFILMENT_TABLE");
    delete.key("orderId", AttributeValue::S(ID.to_owned())).send().await.unwrap();
    assert!(world.handle("OrderPlaced", placed()).await);
    let settled = json!({ "orderId": ID, "amount": 2770.8, "currency": "USD" });
    assert!(world.handle("PaymentSettled", settled).await);
    let fulfilments = world.shop.dynamodb.scan().table_name("FULFILMENT_TABLE").send().await.unwrap();
    assert!(fulfilments.items().is_empty());
}

#[tokio::test]
async fn an_order_whose_customer_is_forgotten_on_the_way_goes_on_under_nobodys_name() {
    let (world, token) = World::begun().await;
    world.charge().await;
    let orders = OrderStore::new(world.account.known_table("ORDER_TABLE"));
    let (found, _) = orders.chunk(customer_id("swn").parse().unwrap(), None).await.unwrap();
    orders.anonymise(&found).await.unwrap();
    let rows = world.shop.dynamodb.scan().table_name("FULFILMENT_TABLE").send().await.unwrap();
    assert!(!format!("{rows:?}").contains(&customer_id("swn")));
    assert_eq!(world.step("ship", json!({ "taskToken": token })).await, Ok(()));
    world.message(&world.shipping).await;
    let close = json!({ "status": "CANCELLED", "reason": "SHIPPING_IMPOSSIBLE" });
    assert_eq!(world.step("close", close).await, Ok(()));
    let order = world.shop.client.get("/order?status=CANCELLED").await.expect(200).body;
    assert_eq!(order["items"][0]["orderId"], ID);
    assert_eq!(order["items"][0]["userName"], "erased");
}

#[tokio::test]
async fn an_event_about_an_order_that_nobody_knows_is_not_acknowledged() {
    let world = world().await;
    for name in ["PaymentRefunded", "ShipmentDispatched", "ShipmentDelivered"] {
        assert!(!world.handle(name, json!({ "orderId": ID, "amount": 0 })).await, "{name}");
    }
    assert!(!world.handle("OrderForgotten", json!({ "orderId": ID })).await);
    for step in ["charge", "ship"] {
        let more = json!({ "taskToken": OVER });
        assert_eq!(world.step(step, more).await, Err("Broken".to_owned()), "{step}");
    }
    assert_eq!(world.step("rob", json!({})).await, Err("Unreadable".to_owned()));
}

#[tokio::test]
async fn each_change_of_an_order_is_told_once_and_by_its_name() {
    let (world, _) = World::begun().await;
    let (outbox, bus) = world.outbox().await;
    let mut images = vec![Value::Null, image(&world).await];
    world.charge().await;
    images.push(image(&world).await);
    world.ship().await;
    images.push(image(&world).await);
    world.cancel("swn").await.expect(202);
    images.push(image(&world).await);
    let close = json!({ "status": "CANCELLED", "reason": "CUSTOMER_REQUEST" });
    assert_eq!(world.step("close", close).await, Ok(()));
    images.push(image(&world).await);
    let mut records: Vec<Value> = images.windows(2).map(|pair| record(&pair[0], &pair[1])).collect();
    // Erasure publishes nothing: it deletes the order, stores it again without a customer, and
    // writes a tombstone.
    let mut moved = images[5].clone();
    moved["userName"]["S"] = json!("erased");
    moved["customerId"]["S"] = json!("00000000-0000-0000-0000-000000000000");
    moved["movedAt"] = json!({ "S": "2026-01-31T12:00:00.000Z" });
    let tombstone = json!({ "customerId": { "S": customer_id("swn") }, "orderId": { "S": "erased" }, "expiresAt": { "N": "1" } });
    records.extend([
        record(&images[5], &Value::Null),
        record(&Value::Null, &moved),
        record(&Value::Null, &tombstone),
        record(&tombstone, &tombstone),
    ]);
    let batch = serde_json::from_value(json!({ "Records": records })).unwrap();
    let response = outbox.invoke(batch, None).await.unwrap();
    assert_eq!(response.failed().count(), 0);
    let published = bus.events(5).await;
    let mut names: Vec<_> = published.iter().map(|event| event["detail-type"].as_str().unwrap()).collect();
    names.sort_unstable();
    let expected =
        ["OrderCancellationRequested", "OrderCancelled", "OrderPaid", "OrderPlaced", "OrderStockReserved"];
    assert_eq!(names, expected);
    let cancelled = published.iter().find(|event| event["detail-type"] == "OrderCancelled").unwrap();
    assert_eq!(cancelled["detail"]["data"]["reason"], "CUSTOMER_REQUEST");
    assert_eq!(cancelled["detail"]["metadata"]["correlationId"], "sample-5");
    tokio::time::timeout(Duration::from_millis(300), bus.events(6)).await.unwrap_err();
}

#[tokio::test]
async fn a_late_order_of_an_erased_customer_is_placed_for_the_rest_of_the_shop() {
    let (world, _) = World::begun().await;
    let (outbox, bus) = world.outbox().await;
    let mut late = image(&world).await;
    late["userName"]["S"] = json!("erased");
    late["customerId"]["S"] = json!("00000000-0000-0000-0000-000000000000");
    let batch = serde_json::from_value(json!({ "Records": [record(&Value::Null, &late)] })).unwrap();
    assert_eq!(outbox.invoke(batch, None).await.unwrap().failed().count(), 0);
    assert_eq!(bus.events(1).await[0]["detail-type"], "OrderPlaced");
}

#[tokio::test]
async fn the_sample_events_tell_of_the_sample_order() {
    let world = world().await;
    let sample: Value = serde_json::from_str(SAMPLE).unwrap();
    assert!(world.shop.deliver(sample["Records"].as_array().unwrap()).await.is_empty());
    let facts = include_str!("../../events/ordering-on-event.json");
    assert!(deliver(&world.handler, facts).await.is_empty());
    let begun = world.message(&world.tokens).await;
    let step = include_str!("../../events/ordering-steps.json");
    steps::invoke(&world.steps, step, None).await.unwrap();
    let path = format!("/order/swn/{}", begun["input"]["orderId"].as_str().unwrap());
    assert_eq!(world.shop.client.get(&path).await.expect(200).body["status"], "STOCK_RESERVED");

    let (outbox, bus) = world.outbox().await;
    let sample: Value = serde_json::from_str(include_str!("../../events/ordering-publisher.json")).unwrap();
    let again = json!({ "Records": [sample["Records"][1]] });
    for batch in [sample, again] {
        let response = outbox.invoke(serde_json::from_value(batch).unwrap(), None).await.unwrap();
        assert_eq!(response.failed().count(), 0);
    }
    let published = bus.events(3).await;
    let mut names: Vec<_> = published.iter().map(|event| event["detail-type"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["OrderPlaced", "OrderStockReserved", "OrderStockReserved"]);
}

/// The order's row, as a stream image.
async fn image(world: &World) -> Value {
    let item: serde_dynamo::Item = world.shop.rows().await.remove(0).into();
    serde_json::to_value(item).unwrap()
}

fn record(old: &Value, new: &Value) -> Value {
    let mut change = json!({
        "ApproximateCreationDateTime": 1_769_860_800.0, "SequenceNumber": "1", "SizeBytes": 1,
        "Keys": {}, "NewImage": new, "StreamViewType": "NEW_AND_OLD_IMAGES",
    });
    if !old.is_null() {
        change["OldImage"] = old.clone();
    }
    json!({
        "eventID": "1", "eventName": if old.is_null() { "INSERT" } else { "MODIFY" }, "eventVersion": "1.1",
        "eventSource": "aws:dynamodb", "awsRegion": "us-east-1", "dynamodb": change,
    })
}
