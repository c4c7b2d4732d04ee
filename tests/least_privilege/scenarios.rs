use std::collections::{BTreeMap, HashMap};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_eventbridge::types::Target;
use aws_sdk_sqs::types::QueueAttributeName;
use lambdakit::webhooks::WebhookSecrets;
use serde_json::{Value, json};
use shop_tests::{OtherCustomer, Shop, checkout, owner};
use testkit::events::{HttpRequest, event, sqs_batch, sqs_message, websocket_message};
use testkit::{Account, TIMEOUT};
use tokio::runtime::Runtime;
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};
use uuid::Uuid;

/// The services that answer a customer's request for their data.
const DATA_HOLDERS: [&str; 4] = ["basket", "notification", "ordering", "realtime"];

/// Method, path, headers and body.
type Request<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], Value);

/// Runs each function's scenarios.
pub struct FunctionScenarios {
    staff: Shop,
    account: Account,
    runtime: Runtime,
    product: String,
}

impl FunctionScenarios {
    pub fn new() -> Self {
        let staff = Shop::new();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let product = staff.product("Lamp", "19.90");
        let scenarios = Self { staff, account: Account::of_the_shop(), runtime, product };
        // Lists read orders only if some exist.
        let (other_customer, order) = scenarios.checked_out();
        let path = other_customer.path(&format!("/order/{}/{order}", other_customer.user_name));
        assert!(within(TIMEOUT, || scenarios.staff.get(&path).status == 200));
        scenarios
    }

    /// Checks out a product that was never received. Returns the customer and the order's id.
    fn checked_out(&self) -> (OtherCustomer, String) {
        let other_customer = OtherCustomer::new();
        self.staff.post(&other_customer.path("/basket"), other_customer.basket(&self.product)).expect(200);
        let receipt =
            self.staff.post(&other_customer.path("/basket/checkout"), checkout(&other_customer.user_name));
        let order = receipt.expect(202).body["orderId"].as_str().unwrap().to_owned();
        (other_customer, order)
    }

    pub fn shop(&self) -> &Shop {
        &self.staff
    }

    /// All functions of the shop: their names here, and on AWS.
    pub fn functions(&self) -> BTreeMap<String, String> {
        self.staff.all("/functions")
    }

    /// Runs every scenario of a function and returns whether it finished in time.
    pub fn work(&self, function: &str, timeout: Duration) -> bool {
        let is_quarantined =
            |table: &str, key: &[&str]| self.unreadable_row_is_quarantined(table, key, function, timeout);
        match function {
            "product-api" => self.catalogue(),
            "basket-api" => self.basket(),
            "ordering-api" => self.orders(),
            "ordering-publisher" => {
                self.order_is_rejected(timeout).is_some()
                    && is_quarantined("order", &["customerId", "orderId"])
            }
            "ordering-steps" => self.steps_are_done(timeout),
            "ordering-on-event" => self.events_take_effect(timeout),
            "basket-on-product" => self.new_product_can_be_bought(timeout),
            "ordering-on-checkout" => self.checkout_becomes_an_order(timeout),
            "product-publisher" => {
                self.new_product_can_be_bought(timeout) && is_quarantined("product", &["id"])
            }
            "basket-publisher" => {
                self.checkout_becomes_an_order(timeout) && is_quarantined("checkout", &["orderId"])
            }
            // It needs no permissions.
            "identity-on-sign-up" => !self.staff.customer().user().is_empty(),
            "privacy-api" => self.customer_takes_their_data_and_leaves(timeout),
            "privacy-on-event" => self.requests_are_completed(timeout),
            "basket-on-privacy" => {
                let customer = OtherCustomer::new();
                let basket = customer.basket(&self.product);
                self.staff.post(&customer.path("/basket"), basket).status == 200
                    && self.data_is_exported_and_erased(function, &customer.id, timeout)
            }
            "ordering-on-privacy" => {
                self.checkout_is_received("ordering-on-checkout").is_some_and(|(customer, _)| {
                    self.data_is_exported_and_erased(function, &customer.id, timeout)
                })
            }
            "notification-on-privacy" => {
                self.checkout_is_received("notification-on-checkout").is_some_and(|(customer, _)| {
                    self.data_is_exported_and_erased(function, &customer.id, timeout)
                })
            }
            // An event without a mail: the order has no contact.
            "ordering-topic-relay" => {
                let (order, whose) = (Uuid::now_v7().to_string(), OtherCustomer::new().in_events());
                self.deliver("ordering-topic-relay", &order, "OrderStockReserved", whose)
            }
            "audit-on-order" => {
                let (order, whose) = (Uuid::now_v7().to_string(), OtherCustomer::new().in_events());
                self.deliver("audit-on-order", &order, "OrderPaid", whose)
            }
            "audit-api" => self.staff.get(&format!("/audit/{}", Uuid::now_v7())).status == 200,
            "search-api" => within(timeout, || self.product_is_found()),
            "search-on-product" => self.large_product_is_indexed_and_removed(timeout),
            "notification-on-checkout" => self.mails_have_waited(),
            "notification-on-order" => self.somebody_is_written_to(),
            "privacy-publisher" => {
                self.request_is_published(timeout) && is_quarantined("privacy", &["customerId", "item"])
            }
            "inventory-api" => self.units_come_in().is_some(),
            "inventory-steps" => self.units_are_set_aside(),
            "product-on-stock" => self.units_show_in_the_catalogue(timeout),
            "inventory-publisher" => {
                self.units_show_in_the_catalogue(timeout) && is_quarantined("stock", &["item"])
            }
            "shipping-api" => self.staff.get(&format!("/shipment/{}", Uuid::now_v7())).status == 404,
            "shipping-on-command" => self.parcel_is_asked_for_and_cancelled(),
            "shipping-carrier" => self.parcel_leaves(),
            "shipping-publisher" => {
                self.shipment_is_told(timeout) && is_quarantined("shipment", &["orderId"])
            }
            "payment-api" => self.staff.get(&format!("/payment/{}", Uuid::now_v7())).status == 404,
            "payment-on-command" => {
                let order = Uuid::now_v7().to_string();
                self.order_is_charged(&order, "tok_visa")
                    && self.deliver("payment-on-command", &order, "RefundPayment", Value::Null)
            }
            "payment-webhook" => self.provider_is_heard(),
            "payment-sandbox-api" => self.provider_charges_and_is_asked_after_it(),
            "payment-sandbox-webhooks" => self.provider_tells(),
            "payment-publisher" => self.payment_is_told(timeout) && is_quarantined("payment", &["orderId"]),
            "realtime-authorizer" | "realtime-messages" => self.customer_and_staff_write(timeout),
            "realtime-connections" => self.customer_connects_and_leaves(timeout),
            "realtime-on-order" => self.lost_connection_is_forgotten(),
            "realtime-on-privacy" => self.chat_is_handed_over_and_forgotten(function, timeout),
            other => panic!("this test does not know what {other} is there for"),
        }
    }

    /// Sends requests in sequence and returns whether each succeeded.
    fn all_dealt_with(&self, requests: &[Request]) -> bool {
        requests.iter().all(|(method, path, headers, body)| {
            let body = if body.is_null() { String::new() } else { body.to_string() };
            self.staff.send(method, path, headers, body).status < 400
        })
    }

    fn catalogue(&self) -> bool {
        let lamp = json!({ "name": "Lamp", "category": "Lamps", "price": 19.9 });
        let created = self.staff.post("/product", &lamp);
        let path = format!("/product/{}", created.body["id"].as_str().unwrap_or_default());
        created.status == 201
            && self.all_dealt_with(&[
                ("GET", "/product", &[], Value::Null),
                ("GET", "/product?category=Lamps", &[], Value::Null),
                ("GET", &path, &[], Value::Null),
                ("PUT", &path, &[], lamp),
                ("PATCH", &path, &[], json!({ "price": 20 })),
                ("DELETE", &path, &[], Value::Null),
            ])
    }

    fn product_is_found(&self) -> bool {
        let found = self.staff.get("/search?q=lam");
        found.status == 200 && found.body["items"].as_array().is_some_and(|items| !items.is_empty())
    }

    /// Indexes a product with more words than one transaction takes, and its deletion.
    fn large_product_is_indexed_and_removed(&self, timeout: Duration) -> bool {
        let run = Uuid::now_v7().simple().to_string();
        let words: Vec<_> = (100..140).map(|number| format!("{number}{}", &run[28..])).collect();
        let body = json!({ "name": run, "category": "Large", "description": words.join(" "), "price": 1 });
        let created = self.staff.post("/product", body).expect(201).body;
        let id = created["id"].as_str().unwrap();
        let is_complete = |is_found: bool| {
            within(timeout, || {
                let found = self.staff.get(&format!("/search?q={run}"));
                let items = found.body["items"].as_array().is_some_and(|items| items.is_empty() != is_found);
                items && self.postings_are_complete(id)
            })
        };
        is_complete(true) && {
            self.staff.send("DELETE", &format!("/product/{id}"), &[], "").expect(204);
            is_complete(false)
        }
    }

    /// Whether all postings of a product are written, and its former ones are deleted. No answer
    /// depends on it.
    fn postings_are_complete(&self, product: &str) -> bool {
        let get = self.account.aws().dynamodb().get_item().table_name(self.staff.output("/tables/search"));
        let get = get
            .key("item", AttributeValue::S(format!("product#{product}")))
            .key("sort", AttributeValue::S("product".to_owned()));
        let row = self.runtime.block_on(get.consistent_read(true).send()).unwrap().item;
        row.is_some_and(|row| !row.contains_key("stale"))
    }

    fn basket(&self) -> bool {
        let (other_customer, key) = (OtherCustomer::new(), Uuid::now_v7().to_string());
        let by_name = format!("/basket/{}", other_customer.user_name);
        let (path, items) = (other_customer.path(&by_name), other_customer.path(&format!("{by_name}/items")));
        let (all, check_out) = (other_customer.path("/basket"), other_customer.path("/basket/checkout"));
        let item = json!({ "productId": self.product, "quantity": 1 });
        let key = [("idempotency-key", key.as_str())];
        let user = &other_customer.user_name;
        self.all_dealt_with(&[
            ("POST", &all, &[], other_customer.basket(&self.product)),
            ("GET", &path, &[], Value::Null),
            ("DELETE", &path, &[], Value::Null),
            ("POST", &items, &[], item),
            ("GET", &by_name, &[], Value::Null),
            ("GET", "/basket", &[], Value::Null),
            ("POST", &check_out, &key, checkout(user)),
            // The basket is empty by now, so the function has to look up the key.
            ("POST", &check_out, &key, checkout(user)),
        ])
    }

    fn orders(&self) -> bool {
        let (other_customer, nothing) = (OtherCustomer::new(), Uuid::now_v7());
        let by_id = |path: &str| other_customer.path(path);
        self.all_dealt_with(&[
            ("GET", "/order", &[], Value::Null),
            ("GET", "/order?status=PENDING", &[], Value::Null),
            ("GET", "/order/nobody", &[], Value::Null),
            ("GET", &by_id("/order/nobody"), &[], Value::Null),
        ]) && self.staff.get(&by_id(&format!("/order/nobody/{nothing}"))).status == 404
            && self.staff.post(&by_id(&format!("/order/nobody/{nothing}/cancel")), "").status == 404
    }

    /// Places an order of a product that was never received. Returns the customer and the order's
    /// id; `None` if it was not rejected in time.
    fn order_is_rejected(&self, timeout: Duration) -> Option<(OtherCustomer, String)> {
        let (other_customer, order) = self.checked_out();
        let path = other_customer.path(&format!("/order/{}/{order}", other_customer.user_name));
        let rejected = within(timeout, || self.staff.get(&path).body["status"] == "REJECTED");
        rejected.then_some((other_customer, order))
    }

    /// Runs the workflow's steps for an order whose own workflow has ended.
    fn steps_are_done(&self, timeout: Duration) -> bool {
        let Some((other_customer, order)) = self.order_is_rejected(timeout) else { return false };
        let deliver = |fact: &str, more: Value| self.deliver("ordering-on-event", &order, fact, more);
        let step = |step: &str, more: Value| {
            let mut call = json!({ "step": step, "orderId": order, "taskToken": "of-nobody" });
            merge(&mut call, more);
            is_done(&self.invoke("ordering-steps", &call))
        };
        // Commands, then tasks whose result is known already.
        self.order_becomes("PENDING", &other_customer, &order)
            && step("charge", Value::Null)
            && step("ship", Value::Null)
            && deliver("PaymentDeclined", json!({ "reason": "DECLINED" }))
            && deliver("ShipmentDispatched", Value::Null)
            && step("charge", Value::Null)
            && step("ship", Value::Null)
            && step("close", json!({ "status": "REJECTED", "reason": "OUT_OF_STOCK" }))
    }

    /// Delivers events of an order whose own workflow has ended.
    fn events_take_effect(&self, timeout: Duration) -> bool {
        let Some((other_customer, order)) = self.order_is_rejected(timeout) else { return false };
        let deliver = |fact: &str, more: Value| self.deliver("ordering-on-event", &order, fact, more);
        let wait = |step: &str| {
            let call = json!({ "step": step, "orderId": order, "taskToken": "of-nobody" });
            is_done(&self.invoke("ordering-steps", &call))
        };
        let units = json!([{ "productId": self.product, "quantity": 1 }]);
        let mut placed = json!({ "units": units, "totalPrice": 19.9, "currency": "USD" });
        merge(&mut placed, other_customer.in_events());
        deliver("OrderPlaced", placed)
            && deliver("OrderCancellationRequested", other_customer.in_events())
            && self.order_becomes("PENDING", &other_customer, &order)
            && wait("charge")
            && deliver("PaymentDeclined", json!({ "reason": "DECLINED" }))
            && self.order_becomes("PAID", &other_customer, &order)
            && deliver("ShipmentDelivered", Value::Null)
            && wait("refund")
            && deliver("PaymentRefunded", json!({ "amount": 0 }))
    }

    /// Gives an order a status from which fulfilment can continue.
    fn order_becomes(&self, status: &str, other_customer: &OtherCustomer, order: &str) -> bool {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let update =
            self.account.aws().dynamodb().update_item().table_name(self.staff.output("/tables/order"));
        let update = update.key("customerId", text(&other_customer.id)).key("orderId", text(order));
        let update =
            update.update_expression("SET #status = :status").expression_attribute_names("#status", "status");
        self.runtime.block_on(update.expression_attribute_values(":status", text(status)).send()).is_ok()
    }

    /// Delivers a checkout to a function. Returns the customer and the order's id.
    fn checkout_is_received(&self, function: &str) -> Option<(OtherCustomer, String)> {
        let (other_customer, order) = (OtherCustomer::new(), Uuid::now_v7().to_string());
        self.checkout_of(&other_customer, &order, function).then_some((other_customer, order))
    }

    /// Delivers a customer's checkout to a function.
    fn checkout_of(&self, other_customer: &OtherCustomer, order: &str, function: &str) -> bool {
        let line = json!({ "productId": self.product, "productName": "Lamp", "quantity": 1, "price": 19.9 });
        let mut checkout = json!({
            "orderDate": "2026-01-31T12:00:00.000Z",
            "recipient": {
                "firstName": "Grace", "lastName": "Hopper", "email": "name@example.com", "address": "1 Harbour Street",
            },
            "payment": { "method": "INVOICE" },
            "lines": [line],
            "totalPrice": 19.9,
            "currency": "USD",
        });
        merge(&mut checkout, other_customer.in_events());
        self.deliver(function, order, "BasketCheckedOut", checkout)
    }

    /// Delivers a customer's privacy requests to a function that exports and erases their data.
    /// Fulfilment may change an order at that moment: then a request is handled when it is
    /// redelivered.
    fn data_is_exported_and_erased(&self, function: &str, customer_id: &str, timeout: Duration) -> bool {
        let requests = [("CustomerExportRequested", "exportId"), ("CustomerErasureDue", "erasureId")];
        requests.into_iter().all(|(name, id)| {
            let request = json!({ "customerId": customer_id, id: Uuid::now_v7() });
            let event_id = Uuid::now_v7().to_string();
            within(timeout, || self.deliver(function, &event_id, name, request.clone()))
        })
    }

    fn somebody_is_written_to(&self) -> bool {
        let Some((other_customer, order)) = self.checkout_is_received("notification-on-checkout") else {
            return false;
        };
        let is_delivered =
            |fact| self.deliver("notification-on-order", &order, fact, other_customer.in_events());
        if !is_delivered("OrderPaid") {
            return false;
        }
        // A mail that is written while its customer is erased.
        self.becomes_erased(&other_customer);
        // A mail that waits for its contact.
        let (early, order) = (OtherCustomer::new(), Uuid::now_v7().to_string());
        is_delivered("OrderShipped")
            && self.deliver("notification-on-order", &order, "OrderPaid", early.in_events())
    }

    /// Mails wait for their contact: of a customer, and of one who is erased meanwhile.
    fn mails_have_waited(&self) -> bool {
        [false, true].into_iter().all(|is_erased| {
            let (early, order) = (OtherCustomer::new(), Uuid::now_v7().to_string());
            let waits = self.deliver("notification-on-order", &order, "OrderPaid", early.in_events());
            if is_erased {
                self.becomes_erased(&early);
            }
            waits && self.checkout_of(&early, &order, "notification-on-checkout")
        })
    }

    /// Puts a customer's tombstone into the table of mails, and leaves their rows.
    fn becomes_erased(&self, other_customer: &OtherCustomer) {
        let erased = AttributeValue::S("erased".to_owned());
        let put = self.account.aws().dynamodb().put_item().table_name(self.staff.output("/tables/mail"));
        let put = put.item("customerId", AttributeValue::S(other_customer.id.clone()));
        let put = put.item("item", erased.clone()).item("erasedAt", erased);
        self.runtime.block_on(put.send()).unwrap();
    }

    /// Requests the shipment of an order that was never placed.
    fn parcel_is_asked_for(&self, order: &str) -> bool {
        let recipient = json!({
            "firstName": "Grace", "lastName": "Hopper", "email": "name@example.com", "address": "1 Harbour Street",
        });
        let units = json!([{ "productId": self.product, "quantity": 1 }]);
        let parcel = json!({ "recipient": recipient, "units": units });
        self.deliver("shipping-on-command", order, "ShipOrder", parcel)
    }

    fn parcel_is_asked_for_and_cancelled(&self) -> bool {
        let order = Uuid::now_v7().to_string();
        self.parcel_is_asked_for(&order)
            && self.deliver("shipping-on-command", &order, "CancelShipment", Value::Null)
    }

    /// Makes the carrier fetch a parcel at once and schedule its delivery.
    fn parcel_leaves(&self) -> bool {
        let order = Uuid::now_v7().to_string();
        self.parcel_is_asked_for(&order)
            && self.deliver("shipping-carrier", &order, "ShipmentStepDue", json!({ "step": "DISPATCH" }))
    }

    fn shipment_is_told(&self, timeout: Duration) -> bool {
        let order = Uuid::now_v7().to_string();
        let queue = self.runtime.block_on(self.listen_for("ShipmentCancelled", "orderId", &order));
        let is_delivered = self.deliver("shipping-on-command", &order, "CancelShipment", Value::Null)
            && within(timeout, || self.runtime.block_on(self.messages(&queue)) > 0);
        self.runtime.block_on(self.stop_listening(&queue, &order));
        is_delivered
    }

    /// Requests the charge of an order that was never placed.
    fn order_is_charged(&self, order: &str, token: &str) -> bool {
        let payment = json!({ "method": "CARD", "token": token });
        let charge = json!({ "amount": 19.9, "currency": "USD", "payment": payment });
        self.deliver("payment-on-command", order, "ChargePayment", charge)
    }

    /// Charges an order that was never placed, and sends the provider's webhook for it once more.
    fn provider_is_heard(&self) -> bool {
        let order = Uuid::now_v7().to_string();
        if !self.order_is_charged(&order, "tok_visa") {
            return false;
        }
        let charge = json!({
            "id": self.staff.get(&format!("/payment/{order}")).body["chargeId"],
            "amount": 1990, "currency": "USD", "reference": order, "status": "settled",
        });
        let webhook = json!({ "type": "charge.settled", "data": charge }).to_string();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let secrets = self.parameter("payment-webhook", "WEBHOOK_SECRET_PARAMETER");
        let secrets: WebhookSecrets = secrets.parse().unwrap();
        let (id, signature) = ("evt_privileges", secrets.sign("evt_privileges", now, webhook.as_bytes()));
        let now = now.to_string();
        let signed =
            [("webhook-id", id), ("webhook-timestamp", &*now), ("webhook-signature", signature.as_str())];
        self.staff.nobody().send("POST", "/payment/webhook", &signed, webhook).status == 200
    }

    fn provider_charges_and_is_asked_after_it(&self) -> bool {
        let key = format!("Bearer {}", self.parameter("payment-sandbox-api", "PROVIDER_KEY_PARAMETER"));
        let ask = |method: &str, path: &str, body: &str| {
            let request = HttpRequest::new(method, path).header("Authorization", &key);
            let request = request.header("Idempotency-Key", &Uuid::now_v7().to_string()).body(body);
            let answer = self.invoke("payment-sandbox-api", &request.function_url());
            let body =
                serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or(Value::Null);
            (answer["statusCode"].as_u64(), body)
        };
        let charge = |token: &str| {
            let charge =
                json!({ "amount": 1, "currency": "USD", "source": token, "reference": "privileges" });
            ask("POST", "/v1/charges", &charge.to_string())
        };
        let (status, settled) = charge("tok_visa");
        let path = format!("/v1/charges/{}", settled["id"].as_str().unwrap_or_default());
        status == Some(201) && charge("tok_delayed").0 == Some(202) && ask("GET", &path, "").0 == Some(200)
    }

    /// Makes the provider settle a delayed charge and send its webhook.
    fn provider_tells(&self) -> bool {
        let order = Uuid::now_v7().to_string();
        if !self.order_is_charged(&order, "tok_delayed") {
            return false;
        }
        let charge = &self.staff.get(&format!("/payment/{order}")).body["chargeId"];
        let due = json!({ "charge": charge, "kind": "charge.settled" });
        let due = event("shop.payment-sandbox", "WebhookDue", &due);
        let batch = sqs_batch([sqs_message("m", &due.to_string())]);
        is_done(&self.invoke("payment-sandbox-webhooks", &batch))
    }

    fn payment_is_told(&self, timeout: Duration) -> bool {
        let order = Uuid::now_v7().to_string();
        let queue = self.runtime.block_on(self.listen_for("PaymentRefunded", "orderId", &order));
        let is_delivered = self.deliver("payment-on-command", &order, "RefundPayment", Value::Null)
            && within(timeout, || self.runtime.block_on(self.messages(&queue)) > 0);
        self.runtime.block_on(self.stop_listening(&queue, &order));
        is_delivered
    }

    /// An environment variable of a function.
    fn variable(&self, function: &str, name: &str) -> String {
        let (endpoint, function) = (self.staff.output("/endpoint"), self.functions()[function].clone());
        let url = format!("{endpoint}/2015-03-31/functions/{function}/configuration");
        let text = ureq::get(&url).header("authorization", owner("lambda")).call().unwrap();
        let function: Value = serde_json::from_str(&text.into_body().read_to_string().unwrap()).unwrap();
        function["Environment"]["Variables"][name].as_str().unwrap().to_owned()
    }

    /// The value of the parameter whose name a function has in an environment variable.
    fn parameter(&self, function: &str, variable: &str) -> String {
        let get = ureq::post(self.staff.output("/endpoint"))
            .header("authorization", owner("ssm"))
            .header("x-amz-target", "AmazonSSM.GetParameter")
            .header("content-type", "application/x-amz-json-1.1");
        let input = json!({ "Name": self.variable(function, variable), "WithDecryption": true });
        let answer = get.send(input.to_string()).unwrap();
        let answer: Value = serde_json::from_str(&answer.into_body().read_to_string().unwrap()).unwrap();
        answer["Parameter"]["Value"].as_str().unwrap().to_owned()
    }

    /// Creates a queue for the events with this id on the shop's bus from here on.
    async fn listen_for(&self, fact: &str, field: &str, id: &str) -> String {
        let (sqs, events) = (self.account.aws().sqs(), self.account.aws().eventbridge());
        let (name, bus) = (format!("privileges-{id}"), self.staff.output("/eventBus"));
        let queue = sqs.create_queue().queue_name(&name).send().await.unwrap().queue_url.unwrap();
        let attributes = sqs.get_queue_attributes().queue_url(&queue);
        let attributes = attributes.attribute_names(QueueAttributeName::QueueArn).send().await.unwrap();
        let arn = attributes.attributes.unwrap().remove(&QueueAttributeName::QueueArn).unwrap();
        let pattern = json!({ "detail-type": [fact], "detail": { "data": { field: [id] } } });
        let rule = events.put_rule().event_bus_name(bus).name(&name).event_pattern(pattern.to_string());
        rule.send().await.unwrap();
        let target = Target::builder().id("queue").arn(arn).build().unwrap();
        let targets = events.put_targets().event_bus_name(bus).rule(&name).targets(target);
        targets.send().await.unwrap();
        queue
    }

    async fn stop_listening(&self, queue: &str, id: &str) {
        let (sqs, events) = (self.account.aws().sqs(), self.account.aws().eventbridge());
        let (name, bus) = (format!("privileges-{id}"), self.staff.output("/eventBus"));
        events.remove_targets().event_bus_name(bus).rule(&name).ids("queue").send().await.unwrap();
        events.delete_rule().event_bus_name(bus).name(&name).send().await.unwrap();
        sqs.delete_queue().queue_url(queue).send().await.unwrap();
    }

    /// Invokes a function with an event of an order, without the queue, and returns whether it was
    /// acknowledged.
    fn deliver(&self, function: &str, order: &str, fact: &str, more: Value) -> bool {
        let mut data = json!({ "orderId": order });
        merge(&mut data, more);
        let metadata = json!({
            "eventId": Uuid::now_v7(), "version": 1, "correlationId": "privileges", "occurredAt": "2026-01-31T12:00:00.000Z",
        });
        let fact = event("shop.any", fact, &json!({ "metadata": metadata, "data": data }));
        is_done(&self.invoke(function, &sqs_batch([sqs_message("m", &fact.to_string())])))
    }

    /// Invokes a function as the account owner.
    fn invoke(&self, function: &str, payload: &Value) -> Value {
        let (endpoint, function) = (self.staff.output("/endpoint"), self.functions()[function].clone());
        let url = format!("{endpoint}/2015-03-31/functions/{function}/invocations");
        let call = ureq::post(&url).header("authorization", owner("lambda"));
        let text = call.send(payload.to_string()).unwrap().body_mut().read_to_string().unwrap();
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Receives units of a new product, twice with the same key. Returns the product's id.
    fn units_come_in(&self) -> Option<String> {
        let lamp = json!({ "name": "Lamp", "category": "Lamps", "price": 19.9 });
        let product = self.staff.post("/product", lamp).expect(201).body["id"].as_str()?.to_owned();
        let (stock, delivery) = (format!("/stock/{product}"), Uuid::now_v7().to_string());
        let (receipts, key) = (format!("{stock}/receipts"), [("idempotency-key", delivery.as_str())]);
        let done = self.all_dealt_with(&[
            ("POST", &receipts, &key, json!({ "quantity": 3 })),
            ("POST", &receipts, &key, json!({ "quantity": 3 })),
            ("GET", &stock, &[], Value::Null),
        ]);
        done.then_some(product)
    }

    fn units_show_in_the_catalogue(&self, timeout: Duration) -> bool {
        let Some(product) = self.units_come_in() else { return false };
        let path = format!("/product/{product}");
        within(timeout, || self.staff.get(&path).body["available"] == 3)
    }

    /// Reserves units for an order that was never placed, and releases them.
    fn units_are_set_aside(&self) -> bool {
        let Some(product) = self.units_come_in() else { return false };
        let (order, units) = (Uuid::now_v7(), json!([{ "productId": product, "quantity": 2 }]));
        let calls = [
            json!({ "step": "reserve", "orderId": order, "units": units }),
            json!({ "step": "release", "orderId": order }),
        ];
        calls.iter().all(|call| is_done(&self.invoke("inventory-steps", call)))
    }

    fn new_product_can_be_bought(&self, timeout: Duration) -> bool {
        let lamp = json!({ "name": "Lamp", "category": "Lamps", "price": 19.9 });
        let product = self.staff.post("/product", lamp).expect(201).body["id"].clone();
        let product = product.as_str().unwrap_or_default();
        within(timeout, || self.staff.basket_price(product).is_some())
    }

    fn checkout_becomes_an_order(&self, timeout: Duration) -> bool {
        let (other_customer, order) = self.checked_out();
        let order = other_customer.path(&format!("/order/{}/{order}", other_customer.user_name));
        within(timeout, || self.staff.get(&order).status == 200)
    }

    /// A customer and staff exchange messages, and the chat is read.
    fn customer_and_staff_write(&self, timeout: Duration) -> bool {
        let customer = self.staff.customer();
        let (Some(mut one), Some(mut other)) = (socket(&customer, timeout), socket(&self.staff, timeout))
        else {
            return false;
        };
        ask(&mut one, &json!({ "action": "sendMessage", "text": "hello" }))["type"] == "messageSent"
            && receive(&mut other)["type"] == "message"
            && ask(&mut one, &json!({ "action": "readMessages" }))["items"][0]["text"] == "hello"
            && ask(&mut one, &json!({ "action": "subscribeOrder", "orderId": Uuid::now_v7() }))["type"]
                == "subscribed"
    }

    fn customer_connects_and_leaves(&self, timeout: Duration) -> bool {
        let customer = self.staff.customer();
        let Some(mut socket) = socket(&customer, timeout) else { return false };
        let id = customer.id();
        let known = || !self.rows_of_live(&id).is_empty();
        // A message that still arrives here is counted, but its connection is unknown.
        let answer = self.invoke("realtime-connections", &websocket_message("of-nobody", "{}"));
        let frame = serde_json::from_str::<Value>(answer["body"].as_str().unwrap_or_default());
        within(timeout, known)
            && frame.is_ok_and(|frame| frame["status"] == 401)
            && socket.close(None).is_ok()
            && within(timeout, || !known())
    }

    /// An order update is sent to a connection that was lost without a disconnect event.
    fn lost_connection_is_forgotten(&self) -> bool {
        let (other_customer, order, id) =
            (OtherCustomer::new(), Uuid::now_v7().to_string(), Uuid::now_v7().to_string());
        let text = |text: String| AttributeValue::S(text);
        let number = |number: u64| AttributeValue::N(number.to_string());
        let row = |item: String, sort: String| {
            let key = [("item", text(item)), ("sort", text(sort))];
            let more = [
                ("customerId", text(other_customer.id.clone())),
                ("userName", text(other_customer.user_name.clone())),
                ("connection", text(id.clone())),
                ("isStaff", AttributeValue::Bool(false)),
                ("orders", AttributeValue::Ss(vec![order.clone()])),
                ("since", number(0)),
                ("spoken", number(0)),
                ("expiresAt", number(9_999_999_999)),
            ];
            let row = key.into_iter().chain(more);
            row.map(|(name, value)| (name.to_owned(), value)).collect::<HashMap<_, _>>()
        };
        let rows = [
            row(format!("connection#{id}"), "connection".to_owned()),
            row(format!("customer#{}", other_customer.id), format!("order#{order}#{id}")),
        ];
        let (dynamodb, table) = (self.account.aws().dynamodb(), self.staff.output("/tables/connection"));
        for row in rows {
            let put = dynamodb.put_item().table_name(table).set_item(Some(row));
            self.runtime.block_on(put.send()).unwrap();
        }
        // Only the order's progress is left.
        self.deliver("realtime-on-order", &order, "OrderPaid", other_customer.in_events())
            && self.rows_of_live(&other_customer.id).len() == 1
    }

    /// All rows of a customer in the connection table, without the tombstone.
    fn rows_of_live(&self, id: &str) -> Vec<HashMap<String, AttributeValue>> {
        let query = self.account.aws().dynamodb().query().table_name(self.staff.output("/tables/connection"));
        let query = query
            .key_condition_expression("#item = :item")
            .expression_attribute_names("#item", "item")
            .expression_attribute_values(":item", AttributeValue::S(format!("customer#{id}")))
            .filter_expression("attribute_not_exists(erasedAt)")
            .consistent_read(true);
        self.runtime.block_on(query.send()).unwrap().items.unwrap_or_default()
    }

    fn chat_is_handed_over_and_forgotten(&self, function: &str, timeout: Duration) -> bool {
        let customer = self.staff.customer();
        let Some(mut socket) = socket(&customer, timeout) else { return false };
        let id = customer.id();
        let sent = ask(&mut socket, &json!({ "action": "sendMessage", "text": "hello" }));
        sent["type"] == "messageSent"
            && self.data_is_exported_and_erased(function, &id, timeout)
            && self.rows_of_live(&id).is_empty()
    }

    fn customer_takes_their_data_and_leaves(&self, timeout: Duration) -> bool {
        let customer = self.staff.customer();
        customer.add(&self.product, 1);
        customer.order(&customer.check_out(&[]).expect(202).body);
        // An empty basket would need no erasure.
        customer.add(&self.product, 1);
        let mut status = 202;
        // A refused export fails at once.
        let is_answered = || {
            status = customer.get("/me/export").status;
            status != 202
        };
        within(timeout, is_answered)
            && status == 200
            && customer.send("DELETE", "/me", &[], "").status == 202
            && within(timeout, || !customer.has_account())
    }

    /// Delivers a customer's erasure, and the answers of all data holders to their requests. The
    /// service's own events and the holders' arrive, too, but denied messages would only be
    /// redelivered.
    fn requests_are_completed(&self, timeout: Duration) -> bool {
        let customer = self.staff.customer();
        let answers = |name: &str, answer: Value| {
            DATA_HOLDERS.iter().all(|holder| {
                let mut answer = answer.clone();
                answer["holder"] = json!(holder);
                self.deliver("privacy-on-event", &Uuid::now_v7().to_string(), name, answer)
            })
        };
        let export = customer.get("/me/export").expect(202).body;
        let collected = json!({
            "customerId": export["customerId"], "exportId": export["requestId"], "runId": Uuid::now_v7(), "part": 0,
            "last": true, "items": [{ "text": "hello" }],
        });
        if !answers("CustomerDataCollected", collected) {
            return false;
        }
        let erasure = customer.send("DELETE", "/me", &[], "").expect(202).body;
        let erased = json!({ "customerId": erasure["customerId"], "erasureId": erasure["requestId"] });
        self.deliver("privacy-on-event", &Uuid::now_v7().to_string(), "ErasureDelayPassed", erased.clone())
            && self.erasure_is_scheduled()
            && answers("CustomerDataErased", erased)
            && within(timeout, || !customer.has_account())
    }

    /// Invokes the function as the bus does, with an erasure that nobody requested: nothing comes of
    /// its schedule.
    fn erasure_is_scheduled(&self) -> bool {
        let [event, erasure, customer] = [(); 3].map(|()| Uuid::now_v7());
        // In the future, so that there is a delay.
        let at = domain::Timestamp::now().plus(Duration::from_mins(1));
        let metadata =
            json!({ "eventId": event, "version": 1, "correlationId": "privileges", "occurredAt": at });
        let requested = json!({
            "detail-type": "CustomerErasureRequested", "source": "shop.privacy",
            "detail": { "metadata": metadata, "data": { "customerId": customer, "erasureId": erasure } },
        });
        is_done(&self.invoke("privacy-on-event", &requested))
    }

    /// Requests the export of a customer's data, as staff.
    fn request_is_published(&self, timeout: Duration) -> bool {
        let customer = Uuid::now_v7().to_string();
        let published =
            self.runtime.block_on(self.listen_for("CustomerExportRequested", "customerId", &customer));
        let is_delivered = self.staff.get(&format!("/customer/{customer}")).status == 202
            && within(timeout, || self.runtime.block_on(self.messages(&published)) > 0);
        self.runtime.block_on(self.stop_listening(&published, &customer));
        is_delivered
    }

    /// Puts a row that the table's publisher cannot read, and waits until it is quarantined.
    fn unreadable_row_is_quarantined(
        &self,
        table: &str,
        key: &[&str],
        publisher: &str,
        timeout: Duration,
    ) -> bool {
        let service = publisher.trim_end_matches("-publisher");
        let queue = self.staff.output(&format!("/queues/{service}-failures"));
        let before = self.runtime.block_on(self.messages(queue));
        let table = self.staff.output(&format!("/tables/{table}"));
        let dynamodb = self.account.aws().dynamodb();
        // Its values match no customer's name.
        let id = AttributeValue::S(format!("no name {}", Uuid::now_v7()));
        let row: HashMap<_, _> = key.iter().map(|attribute| ((*attribute).to_owned(), id.clone())).collect();
        let put = dynamodb.put_item().table_name(table).set_item(Some(row.clone()));
        // This attribute separates an order from its tombstone.
        let put = put.item("orderDate", id);
        self.runtime.block_on(put.send()).unwrap();
        let quarantined = within(timeout, || self.runtime.block_on(self.messages(queue)) > before);
        // Other scenarios list the table.
        let delete = dynamodb.delete_item().table_name(table).set_key(Some(row));
        self.runtime.block_on(delete.send()).unwrap();
        quarantined
    }

    /// The number of messages in a queue, visible or in flight.
    async fn messages(&self, queue: &str) -> u64 {
        let attributes = self.account.aws().sqs().get_queue_attributes().queue_url(queue);
        let attributes = attributes
            .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
            .attribute_names(QueueAttributeName::ApproximateNumberOfMessagesNotVisible);
        let attributes = attributes.send().await.unwrap().attributes.unwrap_or_default();
        attributes.values().filter_map(|count| count.parse::<u64>().ok()).sum()
    }
}

/// Whether the invocation succeeded without failed messages.
fn is_done(answer: &Value) -> bool {
    let failures = answer["batchItemFailures"].as_array();
    answer["errorType"].is_null() && failures.is_none_or(Vec::is_empty)
}

/// Adds the fields of one object to another.
fn merge(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}

type Socket = WebSocket<MaybeTlsStream<TcpStream>>;

/// A WebSocket connection of the signed-in user, if the authorizer accepts it. Frames have to
/// arrive within the timeout.
fn socket(shop: &Shop, timeout: Duration) -> Option<Socket> {
    let endpoint = shop.output("/endpoint").replacen("http", "ws", 1);
    let (api, stage) = (shop.output("/webSocketApiId"), shop.output("/stage"));
    let url = format!("{endpoint}/_aws/execute-api/{api}/{stage}?token={}", shop.token());
    let (socket, _) = tungstenite::connect(url).ok()?;
    if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
        stream.set_read_timeout(Some(timeout)).unwrap();
    }
    Some(socket)
}

/// The next frame; null if none arrives.
fn receive(socket: &mut Socket) -> Value {
    let frame = socket.read().ok().and_then(|frame| frame.into_text().ok());
    frame.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

fn ask(socket: &mut Socket, frame: &Value) -> Value {
    socket.send(Message::text(frame.to_string())).map(|()| receive(socket)).unwrap_or_default()
}

/// Whether the condition becomes true in time.
fn within(timeout: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + timeout;
    while Instant::now() < deadline {
        if is_so() {
            return true;
        }
        sleep(Duration::from_millis(50));
    }
    false
}
