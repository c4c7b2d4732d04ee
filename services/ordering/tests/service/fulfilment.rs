//! Order fulfilment with Step Functions workflows that wait for task tokens.

use std::time::Duration;

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
use testkit::{Account, Bus, customer_id, deliver, eventually};

use crate::{SAMPLE, Shop, order, shop_of};

const ID: &str = "019c13ec-a1e8-7000-8000-000000000001";
const AT: &str = "2026-01-31T13:00:00.000Z";

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
    let shop = shop_of(&account, &account).await;
    account.table("FULFILMENT_TABLE").await;
    let (sqs, workflows) = (account.aws().sqs(), account.aws().workflows());
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
    let orders = OrderStore::new(account.known_table("ORDER_TABLE"));
    let fulfilments = FulfilmentStore::new(account.known_table("FULFILMENT_TABLE"));
    let commands = |url: &String| CommandQueue::new(sqs.clone(), url.clone());
    let tasks = Tasks::new(workflows.clone());
    let started = Workflow::new(workflows, workflow.clone());
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
        let world = world().await;
        assert!(world.tell("OrderPlaced", placed()).await);
        let token = world.message(&world.tokens).await["token"].as_str().unwrap().to_owned();
        (world, token)
    }

    /// Delivers an event and returns whether it was acknowledged.
    async fn tell(&self, name: &str, data: Value) -> bool {
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
        assert!(self.tell(name, json!({ "orderId": ID })).await, "{name}");
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
        assert!(world.tell("OrderPlaced", placed()).await);
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
        world.tell("PaymentSettled", json!({ "orderId": ID, "amount": 2770.8, "currency": "USD" })).await
    );
    assert_eq!(world.end().await, None);
    // A redelivered event is acknowledged although the workflow no longer waits.
    assert!(
        world.tell("PaymentSettled", json!({ "orderId": ID, "amount": 2770.8, "currency": "USD" })).await
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
        assert_eq!(world.step(step, json!({ "taskToken": token })).await, Ok(()));
        assert!(world.tell(fact, data.clone()).await);
        assert_eq!(world.end().await.as_deref(), Some(error));
    }
}

#[tokio::test]
async fn answers_that_arrive_before_the_task_waits_are_kept() {
    let (world, token) = World::begun().await;
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
    assert_eq!(world.step("refund", json!({ "taskToken": "of-a-try-that-failed" })).await, Ok(()));
    assert_eq!(world.message(&world.payment).await["detail-type"], "RefundPayment");
    assert!(world.tell("PaymentRefunded", json!({ "orderId": ID, "amount": 0 })).await);
    assert_eq!(world.end().await, None);
}

#[tokio::test]
async fn an_order_goes_its_way_once_and_keeps_its_history() {
    let (world, _) = World::begun().await;
    for step in ["markStockReserved", "markPaid", "markShipped"] {
        for _ in 0..2 {
            assert_eq!(world.step(step, json!({})).await, Ok(()), "{step}");
        }
    }
    for _ in 0..2 {
        world.deliver_for_order("ShipmentDelivered").await;
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
    for step in ["markStockReserved", "markPaid"] {
        assert_eq!(world.step(step, json!({})).await, Ok(()));
    }
    world.deliver_for_order("ShipmentDelivered").await;
    assert_eq!(world.step("markShipped", json!({})).await, Ok(()));
    assert_eq!(world.statuses().await, ["PENDING", "STOCK_RESERVED", "PAID", "SHIPPED", "DELIVERED"]);
}

#[tokio::test]
async fn a_parcel_that_has_arrived_has_left_also_for_a_workflow_that_never_heard_of_it() {
    let (world, token) = World::begun().await;
    for step in ["markStockReserved", "markPaid"] {
        assert_eq!(world.step(step, json!({})).await, Ok(()));
    }
    assert_eq!(world.step("ship", json!({ "taskToken": token })).await, Ok(()));
    world.deliver_for_order("ShipmentDelivered").await;
    assert_eq!(world.end().await, None);
}

#[tokio::test]
async fn a_parcel_that_arrives_for_an_order_that_was_closed_is_not_passed_over() {
    let (world, _) = World::begun().await;
    let close = json!({ "status": "CANCELLED", "reason": "FULFILMENT_FAILED" });
    assert_eq!(world.step("close", close).await, Ok(()));
    assert!(!world.tell("ShipmentDelivered", json!({ "orderId": ID })).await);
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
    assert_eq!(world.step("markStockReserved", json!({})).await, Err("Broken".to_owned()));
}

#[tokio::test]
async fn an_order_that_was_cancelled_goes_no_further() {
    for done in [&[][..], &["markStockReserved"]] {
        let (world, token) = World::begun().await;
        for step in done {
            assert_eq!(world.step(step, json!({})).await, Ok(()));
        }
        let answer = world.cancel("swn").await.expect(202);
        assert!(answer.body["cancelRequestedAt"].is_string());
        let [next, command] =
            if done.is_empty() { ["markStockReserved", "charge"] } else { ["markPaid", "ship"] };
        // Neither is an error of the function: the task of the command makes the workflow
        // compensate.
        let refused = Ok(StepOutcome::CancelRequested);
        assert_eq!(world.outcome(next, json!({})).await, refused);
        for _ in 0..2 {
            assert_eq!(world.outcome(command, json!({ "taskToken": token })).await, refused);
        }
        assert_eq!(world.end().await.as_deref(), Some("CancelRequested"));
        assert!(world.is_empty(&world.payment).await && world.is_empty(&world.shipping).await);
        // A completed step stays completed if the workflow repeats it.
        for step in done {
            assert_eq!(world.step(step, json!({})).await, Ok(()));
        }
        let close = json!({ "status": "CANCELLED", "reason": "CUSTOMER_REQUEST" });
        assert_eq!(world.step("close", close).await, Ok(()));
        assert_eq!(world.order().await["status"], "CANCELLED");
    }
}

#[tokio::test]
async fn an_order_that_is_cancelled_after_it_was_marked_is_still_commanded() {
    for (marks, command, queue) in [
        (&["markStockReserved"][..], "charge", "payment"),
        (&["markStockReserved", "markPaid"], "ship", "shipping"),
    ] {
        let (world, token) = World::begun().await;
        for step in marks {
            assert_eq!(world.step(step, json!({})).await, Ok(()));
        }
        world.cancel("swn").await.expect(202);
        assert_eq!(world.step(command, json!({ "taskToken": token })).await, Ok(()));
        let queue = if queue == "payment" { &world.payment } else { &world.shipping };
        assert_eq!(world.message(queue).await["detail"]["data"]["orderId"], ID);
    }
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
    assert!(seen >= 7, "{seen}");
}

#[tokio::test]
async fn an_order_is_cancelled_once_by_its_customer_and_until_its_parcel_leaves() {
    let (world, _) = World::begun().await;
    world.cancel("grace").await.expect(404);
    world.cancel("swn").await.expect(202);
    let again = world.cancel("swn").await.expect(409);
    assert_eq!(again.body["title"], "Cancellation under way");

    let (world, _) = World::begun().await;
    for step in ["markStockReserved", "markPaid", "markShipped"] {
        assert_eq!(world.step(step, json!({})).await, Ok(()));
    }
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
    assert!(world.tell("OrderCancellationRequested", of_swn()).await);
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
    assert!(world.tell("OrderPlaced", placed()).await);
    let fulfilments = world.shop.dynamodb.scan().table_name("FULFILMENT_TABLE").send().await.unwrap();
    assert!(fulfilments.items().is_empty());
    let executions = world.account.aws().workflows().list_executions().state_machine_arn(&world.workflow);
    assert!(executions.send().await.unwrap().executions().is_empty());
}

#[tokio::test]
async fn an_order_whose_customer_is_forgotten_on_the_way_goes_on_under_nobodys_name() {
    let (world, token) = World::begun().await;
    assert_eq!(world.step("markStockReserved", json!({})).await, Ok(()));
    let orders = OrderStore::new(world.account.known_table("ORDER_TABLE"));
    let (found, _) = orders.chunk(customer_id("swn").parse().unwrap(), None).await.unwrap();
    orders.anonymise(&found).await.unwrap();
    let rows = world.shop.dynamodb.scan().table_name("FULFILMENT_TABLE").send().await.unwrap();
    assert!(!format!("{rows:?}").contains(&customer_id("swn")));
    assert_eq!(world.step("markPaid", json!({})).await, Ok(()));
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
        assert!(!world.tell(name, json!({ "orderId": ID, "amount": 0 })).await, "{name}");
    }
    assert!(!world.tell("OrderForgotten", json!({ "orderId": ID })).await);
    assert_eq!(world.step("markPaid", json!({})).await, Err("Broken".to_owned()));
    assert_eq!(world.step("rob", json!({})).await, Err("Unreadable".to_owned()));
}

#[tokio::test]
async fn each_change_of_an_order_is_told_once_and_by_its_name() {
    let (world, _) = World::begun().await;
    let (outbox, bus) = world.outbox().await;
    let mut images = vec![Value::Null, image(&world).await];
    for step in ["markStockReserved", "markPaid"] {
        assert_eq!(world.step(step, json!({})).await, Ok(()));
        images.push(image(&world).await);
    }
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
    let told = bus.events(5).await;
    let mut names: Vec<_> = told.iter().map(|event| event["detail-type"].as_str().unwrap()).collect();
    names.sort_unstable();
    let expected =
        ["OrderCancellationRequested", "OrderCancelled", "OrderPaid", "OrderPlaced", "OrderStockReserved"];
    assert_eq!(names, expected);
    let cancelled = told.iter().find(|event| event["detail-type"] == "OrderCancelled").unwrap();
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
    let told = bus.events(3).await;
    let mut names: Vec<_> = told.iter().map(|event| event["detail-type"].as_str().unwrap()).collect();
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
