//! Lambda: functions call each other by URLs whose host names are not in DNS.

use serde_json::json;

use crate::local_aws::{LocalAws, function};

#[test]
fn a_function_reaches_the_url_of_another_also_after_a_restart() {
    let mut aws = LocalAws::start("function-url");
    aws.ready();
    let url = json!({ "Fn::GetAtt": ["Url", "FunctionUrl"] });
    let resources = json!({
        "Server": function("serve", &json!("")),
        "Url": { "Type": "AWS::Lambda::Url", "Properties": {
            "AuthType": "NONE", "TargetFunctionArn": { "Fn::GetAtt": ["Server", "Arn"] },
        } },
        "Client": function("fetch", &json!({ "Fn::Join": ["", [url, "v1/charges"]] })),
    });
    let outputs = aws.deploy(&resources, &json!({ "Client": { "Ref": "Client" } }));
    assert_eq!(aws.invoke(&outputs["Client"]), json!({ "path": "/v1/charges" }));
    aws.stop();
    aws.start_again();
    aws.ready();
    assert_eq!(aws.invoke(&outputs["Client"]), json!({ "path": "/v1/charges" }));
}
