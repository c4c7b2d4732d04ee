//! The resources of a deployed shop: the outputs of its stacks by the names users see.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::fingerprint;
use crate::shop::private_file;

const SITE_URL: &str = "siteUrl";

/// Content of `outputs.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outputs {
    pub api_url: String,
    /// Endpoint of the local AWS; absent for the real one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub endpoint: Option<String>,
    pub region: String,
    pub stage: String,
    pub event_bus: String,
    pub tables: BTreeMap<String, String>,
    pub functions: BTreeMap<String, String>,
    /// URLs of queues; what a service could not handle waits in `<service>-failures`.
    pub queues: BTreeMap<String, String>,
    /// The users of the local shop, by role; on AWS people sign up by themselves.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub users: BTreeMap<String, User>,
    /// Every other output, by its name in camelCase.
    #[serde(flatten)]
    pub others: BTreeMap<String, String>,
}

/// The outputs of the stacks of a stage by the name of the stack, as the CDK writes them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct StackOutputs(BTreeMap<String, BTreeMap<String, String>>);

impl StackOutputs {
    /// Reads a file that `cdk deploy --outputs-file` wrote.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text)
            .with_context(|| format!("{} is not the outputs of stacks", path.display()))
    }

    /// Adds the outputs of a deployment, which the CDK wrote to `raw`, to those in `known`. It may
    /// have been one of some stacks only, and of other stacks than these none are left.
    pub fn merge(known: &Path, raw: &Path, stacks: &[String]) -> Result<Self> {
        let mut outputs = Self::read(known).unwrap_or_default();
        outputs.0.extend(Self::read(raw)?.0);
        outputs.0.retain(|name, _| stacks.contains(name));
        outputs.write(known)?;
        fingerprint::forget(raw)?;
        Ok(outputs)
    }

    /// The outputs of one stack.
    pub fn of(&self, stack: &str) -> impl Iterator<Item = (&str, &str)> {
        let outputs = self.0.get(stack).into_iter().flatten();
        outputs.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).context("cannot write outputs as JSON")?;
        private_file::write(path, &(text + "\n"))
    }
}

/// A generated user of the local shop; the developer may see the password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    pub user_name: String,
    pub password: String,
}

impl Outputs {
    /// The outputs of all stacks of a stage.
    pub fn of_stacks(stacks: StackOutputs, endpoint: Option<&str>) -> Result<Self> {
        Self::from_cdk(stacks.0.into_values().flatten().collect(), endpoint)
    }

    fn from_cdk(mut outputs: BTreeMap<String, String>, endpoint: Option<&str>) -> Result<Self> {
        let mut take =
            |name: &str| outputs.remove(name).with_context(|| format!("no stack has the output {name}"));
        let stage = take("Stage")?;
        let region = take("Region")?;
        let event_bus = take("EventBusName")?;
        let api_url = take("ApiUrl")?;
        let api_id = take("ApiId")?;
        let mut mapped = Self {
            api_url: match endpoint {
                // The host names of the local API do not resolve.
                Some(endpoint) => format!("{endpoint}/_aws/execute-api/{api_id}/{stage}"),
                None => api_url.trim_end_matches('/').to_owned(),
            },
            endpoint: endpoint.map(str::to_owned),
            region,
            stage,
            event_bus,
            tables: BTreeMap::new(),
            functions: BTreeMap::new(),
            queues: BTreeMap::new(),
            users: BTreeMap::new(),
            others: BTreeMap::new(),
        };
        for (name, value) in outputs {
            mapped.place(&name, value);
        }
        if let Some(endpoint) = endpoint {
            for url in mapped.queues.values_mut() {
                *url = at_endpoint(url, endpoint);
            }
            if let Some(url) = mapped.others.get_mut(SITE_URL) {
                *url = site_at_endpoint(url, endpoint);
            }
        }
        Ok(mapped)
    }

    fn place(&mut self, output: &str, value: String) {
        let kinds =
            [("Table", &mut self.tables), ("Function", &mut self.functions), ("Queue", &mut self.queues)];
        for (kind, map) in kinds {
            if let Some(name) = resource_name(output, kind) {
                map.insert(name, value);
                return;
            }
        }
        self.others.insert(camel_case(output), value);
    }

    /// The URL of the shop's pages, without a slash at its end; none without the service `site`.
    pub fn site_url(&self) -> Option<&str> {
        self.others.get(SITE_URL).map(String::as_str)
    }

    /// The URL of the WebSocket API; none without the service `realtime`.
    pub fn web_socket_url(&self) -> Option<String> {
        let output = |name: &str| self.others.get(name).map(String::as_str);
        match &self.endpoint {
            // The host names of the local API do not resolve.
            Some(endpoint) => {
                let here = endpoint.replacen("http", "ws", 1);
                Some(format!("{here}/_aws/execute-api/{}/{}", output("webSocketApiId")?, self.stage))
            }
            None => output("webSocketUrl").map(str::to_owned),
        }
    }

    pub fn read(path: &Path) -> Result<Self> {
        let Ok(text) = fs::read_to_string(path) else {
            bail!("nothing is deployed yet ({} is missing); `cargo xtask up` does it", path.display());
        };
        serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged; `cargo xtask up` writes it anew", path.display()))
    }

    pub fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).context("cannot write outputs as JSON")?;
        private_file::write(path, &(text + "\n"))
    }

    /// The user pool, and the client that signs its users in.
    pub fn user_pool(&self) -> Result<UserPool<'_>> {
        let output = |name: &str| {
            self.others.get(name).map(String::as_str).with_context(|| {
                format!(
                    "stage {} has no {name}: it is from before people signed in; deploy it again",
                    self.stage
                )
            })
        };
        Ok(UserPool { id: output("userPoolId")?, client: output("userPoolClientId")? })
    }
}

/// Cognito ids for signing in.
pub struct UserPool<'a> {
    pub id: &'a str,
    pub client: &'a str,
}

/// The local AWS names queues with its default port, whichever it runs on; some SDKs call queues by
/// their URL.
fn at_endpoint(url: &str, endpoint: &str) -> String {
    match url.split_once("://").and_then(|(_, rest)| rest.split_once('/')) {
        Some((_, path)) => format!("{endpoint}/{path}"),
        None => url.to_owned(),
    }
}

/// The local CloudFront has no TLS, and names that every browser resolves to this machine.
fn site_at_endpoint(url: &str, endpoint: &str) -> String {
    let port = endpoint.rsplit(':').next().unwrap_or_default();
    let here = url.strip_prefix("https://").and_then(|host| host.strip_suffix(".cloudfront.net"));
    here.map_or_else(|| url.to_owned(), |label| format!("http://{label}.cloudfront.localhost:{port}"))
}

/// `QueueBasketOnProduct` as `basket-on-product`, for the kind `Queue`.
pub fn resource_name(output: &str, kind: &str) -> Option<String> {
    output.strip_prefix(kind).filter(|name| name.starts_with(char::is_uppercase)).map(kebab_case)
}

fn kebab_case(pascal: &str) -> String {
    let mut kebab = String::new();
    for letter in pascal.chars() {
        if letter.is_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.extend(letter.to_lowercase());
    }
    kebab
}

fn camel_case(pascal: &str) -> String {
    let mut letters = pascal.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cdk_outputs() -> BTreeMap<String, String> {
        [
            ("ApiUrl", "https://abc.execute-api.us-east-1.amazonaws.com/local/"),
            ("ApiId", "abc"),
            ("Stage", "local"),
            ("Region", "us-east-1"),
            ("EventBusName", "bus"),
            ("TableProduct", "T1"),
            ("FunctionBasketApi", "F1"),
            ("QueueBasketOnProductDlq", "http://127.0.0.1:4566/000000000000/Q1"),
            ("SiteUrl", "https://d1a2.cloudfront.net"),
            ("WebSocketUrl", "wss://def.execute-api.us-east-1.amazonaws.com/local"),
            ("WebSocketApiId", "def"),
            ("Tablecloth", "x"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    #[test]
    fn outputs_are_mapped_to_the_names_people_use() {
        let outputs = Outputs::from_cdk(cdk_outputs(), Some("http://127.0.0.1:4810")).unwrap();
        assert_eq!(outputs.api_url, "http://127.0.0.1:4810/_aws/execute-api/abc/local");
        assert_eq!(outputs.tables["product"], "T1");
        assert_eq!(outputs.functions["basket-api"], "F1");
        assert_eq!(outputs.queues["basket-on-product-dlq"], "http://127.0.0.1:4810/000000000000/Q1");
        assert_eq!(outputs.site_url(), Some("http://d1a2.cloudfront.localhost:4810"));
        assert_eq!(
            outputs.web_socket_url().as_deref(),
            Some("ws://127.0.0.1:4810/_aws/execute-api/def/local")
        );
        assert_eq!(outputs.others["tablecloth"], "x");
    }

    #[test]
    fn on_aws_the_url_is_the_one_of_the_gateway() {
        let outputs = Outputs::from_cdk(cdk_outputs(), None).unwrap();
        assert_eq!(outputs.api_url, "https://abc.execute-api.us-east-1.amazonaws.com/local");
        let json = serde_json::to_value(&outputs).unwrap();
        assert_eq!(json["siteUrl"], "https://d1a2.cloudfront.net");
        assert_eq!(
            outputs.web_socket_url().as_deref(),
            Some("wss://def.execute-api.us-east-1.amazonaws.com/local")
        );
        assert!(json.get("endpoint").is_none());
    }

    #[test]
    fn a_missing_output_is_named() {
        let mut outputs = cdk_outputs();
        outputs.remove("EventBusName");
        assert!(Outputs::from_cdk(outputs, None).unwrap_err().to_string().contains("EventBusName"));
    }

    #[test]
    fn a_stage_without_sign_in_says_what_helps() {
        let mut outputs = Outputs::from_cdk(cdk_outputs(), None).unwrap();
        let error = outputs.user_pool().err().unwrap().to_string();
        assert!(error.contains("userPoolId") && error.contains("deploy it again"), "{error}");
        for name in ["userPoolId", "userPoolClientId"] {
            outputs.others.insert(name.to_owned(), name.to_owned());
        }
        assert_eq!(outputs.user_pool().unwrap().client, "userPoolClientId");
    }

    #[test]
    fn outputs_survive_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("outputs.json");
        let mut outputs = Outputs::from_cdk(cdk_outputs(), Some("http://127.0.0.1:1")).unwrap();
        let ada = User { user_name: "ada".to_owned(), password: "x".to_owned() };
        outputs.users.insert("staff".to_owned(), ada);
        outputs.write(&path).unwrap();
        assert_eq!(format!("{:?}", Outputs::read(&path).unwrap()), format!("{outputs:?}"));
    }
}
