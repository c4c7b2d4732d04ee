//! The stacks of the local AWS.

use std::collections::BTreeMap;

use serde_json::Value;
use shop_tests::{eventually, owner};
use ureq::Agent;

/// CloudFormation of a local AWS.
pub(crate) struct CloudFormation {
    endpoint: String,
    agent: Agent,
}

impl CloudFormation {
    pub(crate) fn at(endpoint: &str) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).proxy(None);
        Self { endpoint: endpoint.to_owned(), agent: config.build().into() }
    }

    /// The stacks by their names, each with its status and the time of its last change.
    pub(crate) fn stacks(&self) -> BTreeMap<String, Stack> {
        let mut stacks = BTreeMap::new();
        let mut token = None::<String>;
        loop {
            let next = token.as_deref().map(|token| ("NextToken", token));
            let page = self.call("ListStacks", next.as_slice());
            for entry in page.split("<member>").skip(1) {
                let stack = Stack {
                    status: text(entry, "StackStatus").unwrap(),
                    changed: text(entry, "LastUpdatedTime").or(text(entry, "CreationTime")).unwrap(),
                };
                if stack.status != "DELETE_COMPLETE" {
                    stacks.insert(text(entry, "StackName").unwrap(), stack);
                }
            }
            token = text(&page, "NextToken");
            if token.is_none() {
                return stacks;
            }
        }
    }

    pub(crate) fn template(&self, stack: &str) -> Value {
        let answer = self.call("GetTemplate", &[("StackName", stack)]);
        let body = text(&answer, "TemplateBody").unwrap();
        let body =
            [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#39;", "'"), ("&amp;", "&")]
                .iter()
                .fold(body, |body, (escaped, character)| body.replace(escaped, character));
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"))
    }

    pub(crate) fn create(&self, stack: &str, template: &Value) {
        self.call("CreateStack", &[("StackName", stack), ("TemplateBody", &template.to_string())]);
        self.wait(stack, "CREATE_COMPLETE");
    }

    pub(crate) fn update(&self, stack: &str, template: &Value) {
        let capabilities = ("Capabilities.member.1", "CAPABILITY_NAMED_IAM");
        let fields = [("StackName", stack), ("TemplateBody", &template.to_string()), capabilities];
        self.call("UpdateStack", &fields);
        self.wait(stack, "UPDATE_COMPLETE");
    }

    pub(crate) fn delete(&self, stack: &str) {
        self.call("DeleteStack", &[("StackName", stack)]);
        eventually("a deleted stack", || (!self.stacks().contains_key(stack)).then_some(()));
    }

    fn wait(&self, stack: &str, status: &str) {
        eventually(&format!("{stack} in {status}"), || {
            self.stacks().get(stack).is_some_and(|stack| stack.status == status).then_some(())
        });
    }

    fn call(&self, action: &str, fields: &[(&str, &str)]) -> String {
        let fields =
            [("Action", action), ("Version", "2010-05-15")].into_iter().chain(fields.iter().copied());
        let request = self.agent.post(&self.endpoint).header("authorization", owner("cloudformation"));
        let mut answer = request.send_form(fields).unwrap();
        let text = answer.body_mut().with_config().limit(u64::MAX).read_to_string().unwrap();
        assert!(answer.status().is_success(), "{action}: {text}");
        text
    }
}

/// A stack that is not deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stack {
    pub(crate) status: String,
    changed: String,
}

/// The text of the first element of this name.
fn text(xml: &str, element: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{element}>"))?;
    Some(rest.split_once(&format!("</{element}>"))?.0.to_owned())
}
