use serde_json::json;

use crate::stage::Stage;

/// Stacks whose templates differ from those of the infrastructure.
const CHANGED: [&str; 2] = ["ferrocart-stacks-basket", "ferrocart-stacks-product"];

#[test]
fn one_service_is_deployed_alone() {
    let mut stage = Stage::lock_whole();
    let cloudformation = stage.cloudformation();
    for stack in CHANGED {
        let mut template = cloudformation.template(stack);
        template["Description"] = json!("changed");
        cloudformation.update(stack, &template);
    }
    let before = stage.stacks();
    stage.forget_deployment();
    stage.up(&["--only", "basket"]);
    let after = stage.stacks();
    let changed: Vec<_> = after.keys().filter(|stack| before.get(*stack) != after.get(*stack)).collect();
    assert_eq!(changed, ["ferrocart-stacks-basket"]);
    assert_ne!(cloudformation.template(CHANGED[0])["Description"], "changed");
    assert_eq!(cloudformation.template(CHANGED[1])["Description"], "changed");

    // The next command finds what has changed besides.
    stage.up(&[]);
    assert_ne!(cloudformation.template(CHANGED[1])["Description"], "changed");
}
