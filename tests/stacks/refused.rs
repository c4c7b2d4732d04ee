use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;

use crate::services::Services;
use crate::shoppers::Shoppers;
use crate::stage::{self, Stage};
use crate::story;

/// The stage as earlier versions deployed it.
const SINGLE_STACK: &str = "ferrocart-stacks";

#[test]
fn refused_commands_change_nothing() {
    let mut stage = Stage::lock_whole();
    let error = stage.refused(&["--services", "audit,warehouse"]);
    assert!(error.contains("There is no service warehouse: choose among core, all, product, "), "{error}");
    let error = stage.refused(&["--without", "basket"]);
    assert!(error.contains("basket cannot be removed: it belongs to the core."), "{error}");
    let error = stage.refused(&["--without", "inventory"]);
    assert!(error.contains("inventory cannot be removed: fulfilment needs it."), "{error}");

    let removal = ["--without", "notification"];
    let cloudformation = stage.cloudformation();
    let template = json!({ "Resources": { "Queue": { "Type": "AWS::SQS::Queue" } } });
    cloudformation.create(SINGLE_STACK, &template);
    let error = stage.refused(&removal);
    assert!(error.contains("one stack") && error.contains("cargo xtask down --wipe"), "{error}");
    cloudformation.delete(SINGLE_STACK);

    let (staff, account) = (stage.staff(), stage.account());
    let failures = staff.output("/queues/notification-failures");
    let send = account.aws().sqs().send_message().queue_url(failures).message_body("{}");
    stage::run(send.send()).unwrap();
    let (dynamodb, requests) = (account.aws().dynamodb(), staff.output("/tables/privacy"));
    let key = [("customerId", staff.id()), ("item", "erasure".to_owned())];
    let key = HashMap::from(key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value))));
    let holders = AttributeValue::L(vec![AttributeValue::S("notification".to_owned())]);
    // Without a `requestId` it is not published.
    let put = dynamodb.put_item().table_name(requests).set_item(Some(key.clone()));
    let put = put.item("holders", holders).item("expiresAt", AttributeValue::N("4102444800".to_owned()));
    stage::run(put.send()).unwrap();
    let error = stage.refused(&removal);
    let expected = "notification still has 1 message in notification-failures and 1 privacy request, so it was not \
                    removed; `cargo xtask dlq`";
    assert!(error.contains(expected), "{error}");
    stage.succeed(&["dlq", "drop", "notification-failures", "--yes"]);
    let delete = dynamodb.delete_item().table_name(requests).set_key(Some(key));
    stage::run(delete.send()).unwrap();
    stage.up(&removal);
    assert_eq!(Services::all().without(&stage.services()), ["notification"]);

    // Without fulfilment nothing needs the inventory.
    let shoppers = Shoppers::start(&stage, crate::seed());
    stage.up(&["--without", "fulfilment"]);
    stage.up(&["--without", "inventory"]);
    story::check(&stage);
    shoppers.stop().expect_one_order_each(&stage.staff());
}
