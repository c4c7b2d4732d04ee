use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use shop_tests::{Shop, owner};

/// Actions that Lambda makes with a function's role: it polls, and it writes logs.
const OF_LAMBDA: [&str; 10] = [
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
    "lambda:InvokeFunction",
];

/// A function does this once, when it starts, so the scenarios never repeat it. The infra tests
/// name the functions that may.
const AT_START: &str = "secretsmanager:GetSecretValue";

/// The role of a function and its policies.
pub struct Role {
    endpoint: String,
    name: String,
    policies: Vec<Policy>,
}

/// A policy of a role, by its name.
#[derive(Clone)]
pub struct Policy {
    name: String,
    document: Value,
}

/// A policy with one action removed.
pub struct Reduction {
    /// The removed action and its resource.
    pub action: String,
    /// The policy as deployed.
    pub whole: Policy,
    /// The policy without the action.
    pub policy: Policy,
}

impl Role {
    pub fn of_function(shop: &Shop, function: &str) -> Self {
        let endpoint = shop.output("/endpoint").to_owned();
        let url = format!("{endpoint}/2015-03-31/functions/{function}/configuration");
        let get = ureq::get(&url).header("authorization", owner("lambda"));
        let text = get.call().unwrap().body_mut().read_to_string().unwrap();
        let configuration: Value = serde_json::from_str(&text).unwrap();
        let name = configuration["Role"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let mut role = Self { endpoint, name, policies: Vec::new() };
        role.policies = elements(&role.call("ListRolePolicies", &[]), "member")
            .into_iter()
            .map(|name| {
                let answer = role.call("GetRolePolicy", &[("PolicyName", &name)]);
                let document = elements(&answer, "PolicyDocument").remove(0);
                let document = percent_decode_str(&document).decode_utf8().unwrap();
                Policy { document: serde_json::from_str(&document).unwrap(), name }
            })
            .collect();
        role
    }

    /// Replaces the role's policy of the same name.
    pub fn put(&self, Policy { name, document }: &Policy) {
        let document = document.to_string();
        self.call("PutRolePolicy", &[("PolicyName", name), ("PolicyDocument", &document)]);
    }

    /// The policies, each without one of the actions that the function's code calls.
    pub fn reductions(&self) -> Vec<Reduction> {
        self.policies.iter().flat_map(Policy::reductions).collect()
    }

    /// Calls an IAM operation, which takes form fields and returns XML.
    fn call(&self, operation: &str, parameters: &[(&str, &str)]) -> String {
        let of_all = [("Action", operation), ("Version", "2010-05-08"), ("RoleName", self.name.as_str())];
        let form = of_all.into_iter().chain(parameters.iter().copied());
        let post = ureq::post(&self.endpoint).header("authorization", owner("iam"));
        let mut answer = post.send_form(form).unwrap();
        answer.body_mut().read_to_string().unwrap()
    }
}

impl Policy {
    fn reductions(&self) -> Vec<Reduction> {
        let mut reductions = Vec::new();
        let is_publisher = self.document.to_string().contains("dynamodb:GetRecords");
        for (index, statement) in self.document["Statement"].as_array().unwrap().iter().enumerate() {
            let resource = statement["Resource"].to_string();
            for action in actions(statement) {
                // Lambda itself sends to dead-letter queues, and failed invocations to failure queues.
                // Publishers quarantine records there.
                let is_of_lambda = resource.contains("DeadLetters")
                    || resource.contains("Failures") && !is_publisher
                    || OF_LAMBDA.contains(&action);
                if action == AT_START || is_of_lambda {
                    continue;
                }
                let mut policy = self.clone();
                let statements = &mut policy.document["Statement"];
                let rest: Vec<_> = actions(statement).into_iter().filter(|other| *other != action).collect();
                if rest.is_empty() {
                    statements.as_array_mut().unwrap().remove(index);
                } else {
                    statements[index]["Action"] = json!(rest);
                }
                let action = format!("{action} on {resource}");
                reductions.push(Reduction { action, whole: self.clone(), policy });
            }
        }
        reductions
    }
}

fn actions(statement: &Value) -> Vec<&str> {
    match &statement["Action"] {
        Value::Array(actions) => actions.iter().filter_map(Value::as_str).collect(),
        action => action.as_str().into_iter().collect(),
    }
}

/// The texts of the elements with this name.
fn elements(xml: &str, name: &str) -> Vec<String> {
    let start = format!("<{name}>");
    let elements: Vec<_> =
        xml.split(&start).skip(1).map(|rest| rest.split('<').next().unwrap_or_default().to_owned()).collect();
    assert!(!elements.is_empty(), "no {name} in {xml}");
    elements
}
