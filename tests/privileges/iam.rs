use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use shop_tests::{Shop, owner};

/// What Lambda does in a function's name: it polls, and it writes logs.
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

/// The role of a function and its one policy.
pub struct Role {
    endpoint: String,
    name: String,
    policy_name: String,
    /// As it was deployed.
    pub policy: Value,
}

/// A policy without one of its actions.
pub struct Reduction {
    /// What is missing, and on what.
    pub action: String,
    /// The rest.
    pub policy: Value,
}

impl Role {
    pub fn of_function(shop: &Shop, function: &str) -> Self {
        let endpoint = shop.output("/endpoint").to_owned();
        let url = format!("{endpoint}/2015-03-31/functions/{function}/configuration");
        let get = ureq::get(&url).header("authorization", owner("lambda"));
        let text = get.call().unwrap().body_mut().read_to_string().unwrap();
        let configuration: Value = serde_json::from_str(&text).unwrap();
        let name = configuration["Role"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let mut role = Self { endpoint, name, policy_name: String::new(), policy: Value::Null };
        role.policy_name = element(&role.call("ListRolePolicies", &[]), "member");
        let answer = role.call("GetRolePolicy", &[("PolicyName", &role.policy_name)]);
        let document = element(&answer, "PolicyDocument");
        let document = percent_decode_str(&document).decode_utf8().unwrap();
        role.policy = serde_json::from_str(&document).unwrap();
        role
    }

    /// Gives the role another policy.
    pub fn put(&self, policy: &Value) {
        let document = policy.to_string();
        self.call("PutRolePolicy", &[("PolicyName", &self.policy_name), ("PolicyDocument", &document)]);
    }

    /// The policy without each of the actions that the function's code calls.
    pub fn reductions(&self) -> Vec<Reduction> {
        let mut reductions = Vec::new();
        for (index, statement) in self.policy["Statement"].as_array().unwrap().iter().enumerate() {
            let resource = statement["Resource"].to_string();
            for action in actions(statement) {
                // To a dead-letter queue it is Lambda that sends.
                if OF_LAMBDA.contains(&action) || resource.contains("DeadLetters") {
                    continue;
                }
                let mut policy = self.policy.clone();
                let rest: Vec<_> = actions(statement).into_iter().filter(|other| *other != action).collect();
                if rest.is_empty() {
                    policy["Statement"].as_array_mut().unwrap().remove(index);
                } else {
                    policy["Statement"][index]["Action"] = json!(rest);
                }
                reductions.push(Reduction { action: format!("{action} on {resource}"), policy });
            }
        }
        reductions
    }

    /// An operation of IAM, which speaks forms and XML.
    fn call(&self, operation: &str, parameters: &[(&str, &str)]) -> String {
        let of_all = [("Action", operation), ("Version", "2010-05-08"), ("RoleName", self.name.as_str())];
        let form = of_all.into_iter().chain(parameters.iter().copied());
        let post = ureq::post(&self.endpoint).header("authorization", owner("iam"));
        let mut answer = post.send_form(form).unwrap();
        answer.body_mut().read_to_string().unwrap()
    }
}

fn actions(statement: &Value) -> Vec<&str> {
    match &statement["Action"] {
        Value::Array(actions) => actions.iter().filter_map(Value::as_str).collect(),
        action => action.as_str().into_iter().collect(),
    }
}

/// The text of the first element of this name.
fn element(xml: &str, name: &str) -> String {
    let (_, rest) = xml.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("no {name} in {xml}"));
    rest.split('<').next().unwrap_or_default().to_owned()
}
