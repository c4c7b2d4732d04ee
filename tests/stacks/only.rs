use serde_json::{Value, json};

use crate::cloudformation::CloudFormation;
use crate::stage::Stage;

const BASKET: &str = "ferrocart-stacks-basket";
const PRODUCT: &str = "ferrocart-stacks-product";
/// The description of a parameter that the stack provides: nothing depends on it.
fn description(template: &mut Value) -> &mut Value {
    let mut resources = template["Resources"].as_object_mut().unwrap().values_mut();
    let parameter = resources.find(|resource| resource["Type"] == "AWS::SSM::Parameter").unwrap();
    &mut parameter["Properties"]["Description"]
}

fn is_changed(cloudformation: &CloudFormation, stack: &str) -> bool {
    *description(&mut cloudformation.template(stack)) == "changed"
}

#[test]
fn one_service_is_deployed_alone() {
    let mut stage = Stage::lock_whole();
    let cloudformation = stage.cloudformation();
    // As if the infrastructure of two services had changed.
    for stack in [BASKET, PRODUCT] {
        let mut template = cloudformation.template(stack);
        *description(&mut template) = json!("changed");
        cloudformation.update(stack, &template);
    }
    let before = stage.stacks();
    stage.forget_deployment();
    stage.up(&["--only", "basket"]);
    let after = stage.stacks();
    let changed: Vec<_> = after.keys().filter(|stack| before.get(*stack) != after.get(*stack)).collect();
    assert_eq!(changed, [BASKET]);
    assert_eq!([BASKET, PRODUCT].map(|stack| is_changed(&cloudformation, stack)), [false, true]);

    // The next command finds what has changed besides.
    stage.up(&[]);
    assert!(!is_changed(&cloudformation, PRODUCT));
}
