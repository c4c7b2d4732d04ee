use serde_json::json;

use crate::services::Services;
use crate::shoppers::Shoppers;
use crate::stage::{self, Stage};
use crate::story;

#[test]
fn refused_commands_change_nothing() {
    let mut stage = Stage::lock_whole();
    let error = stage.refused(&["--services", "audit,warehouse"]);
    assert!(error.contains("warehouse") && error.contains("notification"), "{error}");
    let error = stage.refused(&["--without", "basket"]);
    assert!(error.contains("basket") && error.contains("core"), "{error}");
    let error = stage.refused(&["--without", "inventory"]);
    assert!(error.contains("fulfilment needs inventory"), "{error}");

    let failures = stage.staff().output("/queues/notification-failures").to_owned();
    let send = stage.account().aws().sqs().send_message().queue_url(failures).message_body("{}");
    stage::run(send.send()).unwrap();
    let removal = ["--without", "notification"];
    let error = stage.refused(&removal);
    assert!(error.contains("notification") && error.contains("cargo xtask dlq"), "{error}");
    let drop = stage.staff().xtask(&["dlq", "drop", "notification-failures", "--yes"]);
    assert!(drop.status.success(), "{}", String::from_utf8_lossy(&drop.stderr));
    stage.up(&removal);
    assert_eq!(Services::all().without(&stage.services()), ["notification"]);

    // Without fulfilment nothing needs the inventory.
    let shoppers = Shoppers::start(&stage, crate::seed());
    stage.up(&["--without", "fulfilment"]);
    stage.up(&["--without", "inventory"]);
    story::tell(&stage);
    shoppers.stop().expect_one_order_each(&stage.staff());
}

#[test]
fn stages_of_one_stack_are_refused() {
    const STACK: &str = "ferrocart-stacks";
    let mut stage = Stage::lock_whole();
    let cloudformation = stage.cloudformation();
    let template = json!({ "Resources": { "Queue": { "Type": "AWS::SQS::Queue" } } });
    cloudformation.create(STACK, &template);
    let removal = ["--without", "audit"];
    let error = stage.refused(&removal);
    assert!(error.contains("one stack") && error.contains("cargo xtask down --wipe"), "{error}");
    cloudformation.delete(STACK);
    stage.up(&removal);
    assert_eq!(Services::all().without(&stage.services()), ["audit"]);
}
