//! The bill of a stage that nobody uses, computed from its synthesized templates.
//!
//! Each type of resource is either free while idle, or billed here. Any other type is an error, so
//! that no cost is forgotten.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::prices::{DEFAULT_REGION, HOURS, Item, PriceList, SECONDS};
use crate::table;

/// Requests by which Lambda polls an idle queue in a month: five pollers, each of which waits 20
/// seconds. Lambda may reduce them to two if the event source has no maximum concurrency
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>); all here have one.
pub const EMPTY_RECEIVES: f64 = 5.0 * SECONDS / 20.0;

/// Types of resources that cost nothing while idle, unless `usage` finds a property that does.
const FREE: &[&str] = &[
    "AWS::ApiGateway::Account",
    "AWS::ApiGateway::ApiKey",
    "AWS::ApiGateway::Authorizer",
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::GatewayResponse",
    "AWS::ApiGateway::Method",
    "AWS::ApiGateway::Model",
    "AWS::ApiGateway::RequestValidator",
    "AWS::ApiGateway::Resource",
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGateway::Stage",
    "AWS::ApiGateway::UsagePlan",
    "AWS::ApiGateway::UsagePlanKey",
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Authorizer",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::RouteResponse",
    "AWS::ApiGatewayV2::Stage",
    "AWS::Budgets::Budget",
    "AWS::CloudFront::CachePolicy",
    "AWS::CloudFront::Distribution",
    "AWS::CloudFront::Function",
    "AWS::CloudFront::OriginAccessControl",
    "AWS::CloudFront::ResponseHeadersPolicy",
    "AWS::Cognito::UserPool",
    "AWS::Cognito::UserPoolClient",
    "AWS::Cognito::UserPoolGroup",
    "AWS::Events::Archive",
    "AWS::Events::EventBus",
    "AWS::Events::Rule",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Function",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Url",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
    "AWS::SSM::Parameter",
    "AWS::Scheduler::ScheduleGroup",
    "AWS::StepFunctions::StateMachine",
    "AWS::WAFv2::WebACLAssociation",
];

/// The bill of an idle month of 30 days.
pub struct Bill {
    region: String,
    services: Vec<ServiceBill>,
    charges: Vec<Charge>,
}

/// A service's part in the bill.
pub struct ServiceBill {
    pub service: String,
    pub resources: usize,
    pub functions: usize,
    /// The functions whose queues Lambda polls, which name these queues in outputs and tools.
    pub polled: Vec<String>,
    /// Its share of the stage's dollars: services share the free allowances.
    pub dollars: f64,
    usage: Usage,
}

/// One item of the bill.
pub struct Charge {
    pub item: Item,
    pub amount: f64,
    pub free: f64,
    pub dollars: f64,
    /// Where the price was read.
    pub source: String,
}

type Usage = BTreeMap<Item, f64>;

/// The bill of the stage whose templates are in `assembly`.
pub fn bill(assembly: &Path) -> Result<Bill> {
    bill_in(DEFAULT_REGION, assembly)
}

/// The same with the prices of another region.
pub fn bill_in(region: &str, assembly: &Path) -> Result<Bill> {
    let manifest: Manifest = read(&assembly.join("manifest.json"))?;
    let mut services = Vec::new();
    for (service, artifact) in manifest.artifacts {
        let Some(file) = artifact.template() else { continue };
        let path = assembly.join(file);
        let template: Template = read(&path)?;
        services.push(template.bill(service).with_context(|| format!("in {}", path.display()))?);
    }
    Bill::of(region, services)
}

fn read<T: DeserializeOwned>(file: &Path) -> Result<T> {
    let read = || format!("cannot read {}", file.display());
    let text = fs::read_to_string(file).with_context(read)?;
    serde_json::from_str(&text).with_context(read)
}

/// What an assembly consists of. Its directory may have templates of earlier assemblies, too.
#[derive(Deserialize)]
struct Manifest {
    artifacts: BTreeMap<String, Artifact>,
}

#[derive(Deserialize)]
struct Artifact {
    r#type: String,
    #[serde(default)]
    properties: Value,
}

impl Artifact {
    /// The file of a stack's template.
    fn template(&self) -> Option<&str> {
        (self.r#type == "aws:cloudformation:stack").then(|| self.properties["templateFile"].as_str())?
    }
}

#[derive(Deserialize)]
struct Template {
    #[serde(default, rename = "Resources")]
    resources: BTreeMap<String, Resource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    r#type: String,
    #[serde(default)]
    properties: Value,
}

impl Template {
    fn bill(&self, service: String) -> Result<ServiceBill> {
        let mut usage = Usage::new();
        let mut polled = Vec::new();
        for (id, resource) in &self.resources {
            let uses = self.usage(resource).with_context(|| format!("{id}, of type {}", resource.r#type))?;
            if uses.iter().any(|(item, _)| *item == Item::SqsRequests) {
                polled.push(self.consumer(resource).unwrap_or(id).to_owned());
            }
            for (item, amount) in uses {
                *usage.entry(item).or_default() += amount;
            }
        }
        polled.sort();
        let functions = self.resources.values().filter(|one| one.r#type == "AWS::Lambda::Function").count();
        Ok(ServiceBill { service, resources: self.resources.len(), functions, polled, dollars: 0.0, usage })
    }

    /// What a resource uses in a month without being used.
    fn usage(&self, resource: &Resource) -> Result<Vec<(Item, f64)>> {
        let properties = &resource.properties;
        Ok(match &*resource.r#type {
            "AWS::Lambda::EventSourceMapping" => self.polling(properties)?,
            "AWS::CloudWatch::Alarm" => vec![(Item::AlarmMetrics, metrics(properties))],
            "AWS::DynamoDB::Table" => capacity(properties)?,
            "AWS::EC2::NatGateway" => vec![(Item::NatGatewayHours, HOURS)],
            "AWS::KMS::Key" | "AWS::KMS::ReplicaKey" => vec![(Item::KmsKeys, 1.0)],
            "AWS::SecretsManager::Secret" => vec![(Item::Secrets, 1.0)],
            "AWS::SSM::Parameter" if properties["Tier"] == "Advanced" => {
                vec![(Item::AdvancedParameters, 1.0)]
            }
            "AWS::WAFv2::WebACL" => {
                vec![(Item::WebAcls, 1.0), (Item::WebAclRules, count(&properties["Rules"]))]
            }
            "AWS::ApiGateway::Stage" if properties["CacheClusterEnabled"] == true => {
                bail!("a cache is billed by the hour: add its price to xtask/common/src/idle.rs")
            }
            other if FREE.contains(&other) => Vec::new(),
            _ => {
                bail!("it is not known what this costs while idle: add the type to xtask/common/src/idle.rs")
            }
        })
    }

    /// Lambda polls queues by requests that are billed, and the streams of DynamoDB for free.
    fn polling(&self, mapping: &Value) -> Result<Vec<(Item, f64)>> {
        if mapping["Enabled"] == false {
            return Ok(Vec::new());
        }
        let source = mapping["EventSourceArn"]["Fn::GetAtt"][0].as_str();
        let source = source.and_then(|id| self.resources.get(id)).map(|source| &*source.r#type);
        match source {
            Some("AWS::DynamoDB::Table") => Ok(Vec::new()),
            Some("AWS::SQS::Queue") if mapping["ProvisionedPollerConfig"].is_null() => {
                Ok(vec![(Item::SqsRequests, EMPTY_RECEIVES)])
            }
            _ => bail!("it is not known what polling this source costs: add it to xtask/common/src/idle.rs"),
        }
    }

    /// Name of the function that an event source invokes.
    fn consumer(&self, mapping: &Resource) -> Option<&str> {
        let id = mapping.properties["FunctionName"]["Ref"].as_str()?;
        self.resources.get(id)?.properties["Handler"].as_str()
    }
}

fn count(list: &Value) -> f64 {
    list.as_array().into_iter().flatten().map(|_| 1.0).sum()
}

/// Metrics that an alarm evaluates: its own, or those of its expressions.
fn metrics(alarm: &Value) -> f64 {
    match alarm["Metrics"].as_array() {
        None => 1.0,
        Some(queries) => queries.iter().filter(|query| !query["MetricStat"].is_null()).map(|_| 1.0).sum(),
    }
}

/// Provisioned capacity of a table and its indexes. Without a billing mode, a table is provisioned.
fn capacity(table: &Value) -> Result<Vec<(Item, f64)>> {
    if table["BillingMode"] == "PAY_PER_REQUEST" {
        return Ok(Vec::new());
    }
    let indexes = table["GlobalSecondaryIndexes"].as_array();
    let mut usage = Vec::new();
    for provisioned in std::iter::once(table).chain(indexes.into_iter().flatten()) {
        for (item, name) in
            [(Item::ReadCapacityHours, "ReadCapacityUnits"), (Item::WriteCapacityHours, "WriteCapacityUnits")]
        {
            let units = provisioned["ProvisionedThroughput"][name].as_f64();
            usage.push((item, units.with_context(|| format!("no number of {name}"))? * HOURS));
        }
    }
    Ok(usage)
}

impl Bill {
    fn of(region: &str, mut services: Vec<ServiceBill>) -> Result<Self> {
        let prices = PriceList::load()?;
        let priced = prices.region(region)?;
        let mut total = Usage::new();
        for (item, amount) in services.iter().flat_map(|service| &service.usage) {
            *total.entry(*item).or_default() += amount;
        }
        let mut charges = Vec::new();
        for (item, amount) in total {
            let dollars = prices.dollars(priced, item, amount)?;
            for service in &mut services {
                service.dollars += dollars * service.usage.get(&item).unwrap_or(&0.0) / amount;
            }
            let source = prices.source(priced, item)?.to_owned();
            charges.push(Charge { item, amount, free: prices.free(item), dollars, source });
        }
        Ok(Self { region: region.to_owned(), services, charges })
    }

    /// Each service, in the order of their names.
    pub fn services(&self) -> &[ServiceBill] {
        &self.services
    }

    pub fn charges(&self) -> &[Charge] {
        &self.charges
    }

    pub fn dollars(&self) -> f64 {
        self.charges.iter().map(|charge| charge.dollars).sum()
    }

    /// The queues that Lambda polls, each named by the function that consumes it.
    pub fn polled(&self) -> Vec<&str> {
        let mut polled: Vec<_> =
            self.services.iter().flat_map(|service| &service.polled).map(String::as_str).collect();
        polled.sort_unstable();
        polled
    }

    /// What each service consists of and costs, and the sum.
    pub fn table(&self) -> String {
        let mut rows = vec![["", "resources", "functions", "polled queues", "dollars"].map(str::to_owned)];
        let mut row = |name: &str, resources: usize, functions: usize, polled: usize, dollars: f64| {
            let [resources, functions, polled] =
                [resources, functions, polled].map(|number| number.to_string());
            rows.push([name.to_owned(), resources, functions, polled, format!("{dollars:.2}")]);
        };
        for one in &self.services {
            row(&one.service, one.resources, one.functions, one.polled.len(), one.dollars);
        }
        let sum = |of: fn(&ServiceBill) -> usize| self.services.iter().map(of).sum();
        row(
            "together",
            sum(|one| one.resources),
            sum(|one| one.functions),
            sum(|one| one.polled.len()),
            self.dollars(),
        );
        table::render(&rows)
    }

    fn items(&self) -> String {
        let mut rows = vec![["", "a month", "free", "dollars", "price from"].map(str::to_owned)];
        for Charge { item, amount, free, dollars, source } in &self.charges {
            let free = if *free == 0.0 { "-".to_owned() } else { table::number(*free) };
            let dollars = format!("{dollars:.2}");
            rows.push([item.shown().to_owned(), table::number(*amount), free, dollars, source.clone()]);
        }
        table::align_left(&mut rows, 4);
        table::render(&rows)
    }
}

/// The services, the items that are billed, and the polled queues.
impl fmt::Display for Bill {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.table())?;
        if self.charges.is_empty() {
            return writeln!(formatter, "\nNothing here is billed while idle.");
        }
        write!(formatter, "\nPrices of {}:\n\n{}", self.region, self.items())?;
        let polled = self.polled();
        if polled.is_empty() {
            return Ok(());
        }
        writeln!(
            formatter,
            "\nLambda polls a queue {} times a month: {}",
            table::number(EMPTY_RECEIVES),
            polled.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn about(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-9
    }

    fn bill_of(templates: &[(&str, Value)]) -> Result<Bill> {
        let assembly = tempfile::tempdir().unwrap();
        let file = |service: &str| format!("{service}.template.json");
        let mut artifacts = json!({ "assets": { "type": "cdk:asset-manifest" } });
        for (service, resources) in templates {
            let template = json!({ "Resources": resources }).to_string();
            fs::write(assembly.path().join(file(service)), template).unwrap();
            artifacts[service] = json!({
                "type": "aws:cloudformation:stack", "properties": { "templateFile": file(service) },
            });
        }
        fs::write(assembly.path().join("of-another-stage.template.json"), "{").unwrap();
        let manifest = json!({ "artifacts": artifacts }).to_string();
        fs::write(assembly.path().join("manifest.json"), manifest).unwrap();
        bill(assembly.path())
    }

    fn resource(kind: &str, properties: Value) -> Value {
        json!({ "Type": kind, "Properties": properties })
    }

    /// The charges of one resource, as items and amounts.
    fn charged(kind: &str, properties: Value) -> Vec<(Item, f64)> {
        let bill = bill_of(&[("one", json!({ "Resource": resource(kind, properties) }))]).unwrap();
        bill.charges().iter().map(|charge| (charge.item, charge.amount)).collect()
    }

    fn service_with_queue(name: &str) -> Value {
        json!({
            "Queue": resource("AWS::SQS::Queue", json!({})),
            "Function": resource("AWS::Lambda::Function", json!({ "Handler": name })),
            "Source": resource("AWS::Lambda::EventSourceMapping", json!({
                "EventSourceArn": { "Fn::GetAtt": ["Queue", "Arn"] }, "FunctionName": { "Ref": "Function" },
            })),
        })
    }

    #[test]
    fn a_polled_queue_is_within_the_free_million_and_four_are_not() {
        let one = bill_of(&[("ordering", service_with_queue("ordering-on-checkout"))]).unwrap();
        assert_eq!(one.polled(), ["ordering-on-checkout"]);
        assert!(about(one.charges()[0].amount, 648_000.0) && about(one.dollars(), 0.0));

        let names = ["a", "b", "c", "d"];
        let templates = names.map(|name| (name, service_with_queue(&format!("{name}-on-event"))));
        let four = bill_of(&templates).unwrap();
        assert_eq!(four.polled(), ["a-on-event", "b-on-event", "c-on-event", "d-on-event"]);
        assert!(about(four.dollars(), (4.0 * 648_000.0 - 1e6) * 0.4e-6));
        for service in four.services() {
            assert_eq!((service.resources, service.functions, service.polled.len()), (3, 1, 1));
            assert!(about(service.dollars, four.dollars() / 4.0));
        }
    }

    #[test]
    fn streams_and_disabled_sources_are_not_billed() {
        let source = |properties| resource("AWS::Lambda::EventSourceMapping", properties);
        let stream = json!({ "EventSourceArn": { "Fn::GetAtt": ["Table", "StreamArn"] } });
        let disabled = json!({ "EventSourceArn": { "Fn::GetAtt": ["Queue", "Arn"] }, "Enabled": false });
        let table = resource("AWS::DynamoDB::Table", json!({ "BillingMode": "PAY_PER_REQUEST" }));
        let queue = resource("AWS::SQS::Queue", json!({}));
        let resources = json!({
            "Table": table, "Queue": queue, "Stream": source(stream), "Disabled": source(disabled),
        });
        let bill = bill_of(&[("one", resources)]).unwrap();
        assert!(bill.charges().is_empty() && bill.polled().is_empty());
    }

    #[test]
    fn an_alarm_is_billed_by_its_metrics_and_ten_of_a_stage_are_free() {
        let query = |id: &str| json!({ "Id": id, "MetricStat": {} });
        let sum = json!({ "Metrics": [query("a"), query("b"), { "Id": "sum", "Expression": "a + b" }] });
        assert_eq!(charged("AWS::CloudWatch::Alarm", sum), [(Item::AlarmMetrics, 2.0)]);

        let one = resource("AWS::CloudWatch::Alarm", json!({ "MetricName": "Errors" }));
        let alarms: Vec<_> = (0..13).map(|id| (format!("Alarm{id}"), one.clone())).collect();
        let bill = bill_of(&[("one", Value::Object(alarms.into_iter().collect()))]).unwrap();
        assert!(about(bill.dollars(), 0.3));
    }

    #[test]
    fn provisioned_capacity_of_tables_and_indexes_is_billed_by_the_hour() {
        let provisioned = json!({ "ReadCapacityUnits": 20, "WriteCapacityUnits": 10 });
        let table = json!({
            "ProvisionedThroughput": provisioned,
            "GlobalSecondaryIndexes": [{ "ProvisionedThroughput": provisioned }],
        });
        let hours = [(Item::ReadCapacityHours, 40.0 * 720.0), (Item::WriteCapacityHours, 20.0 * 720.0)];
        assert_eq!(charged("AWS::DynamoDB::Table", table), hours);
        let text = json!({ "ProvisionedThroughput": { "ReadCapacityUnits": { "Ref": "Units" } } });
        assert!(bill_of(&[("one", json!({ "T": resource("AWS::DynamoDB::Table", text) }))]).is_err());
    }

    #[test]
    fn what_is_billed_by_the_month_is_recognised() {
        let rules = json!({ "Rules": [{}, {}] });
        let acl = [(Item::WebAcls, 1.0), (Item::WebAclRules, 2.0)];
        assert_eq!(charged("AWS::WAFv2::WebACL", rules), acl);
        assert_eq!(charged("AWS::KMS::Key", json!({})), [(Item::KmsKeys, 1.0)]);
        assert_eq!(charged("AWS::SecretsManager::Secret", json!({})), [(Item::Secrets, 1.0)]);
        assert_eq!(charged("AWS::EC2::NatGateway", json!({})), [(Item::NatGatewayHours, 720.0)]);
        let advanced = json!({ "Tier": "Advanced" });
        assert_eq!(charged("AWS::SSM::Parameter", advanced), [(Item::AdvancedParameters, 1.0)]);
        assert_eq!(charged("AWS::SSM::Parameter", json!({ "Type": "String" })), []);
    }

    #[test]
    fn resources_that_nobody_has_classified_are_errors_that_name_them() {
        let refused = |kind: &str, properties| {
            let resources = json!({ "Thing": resource(kind, properties) });
            format!("{:#}", bill_of(&[("media", resources)]).err().unwrap())
        };
        let error = refused("AWS::RDS::DBInstance", json!({}));
        assert!(error.contains("media.template.json: Thing, of type AWS::RDS::DBInstance"), "{error}");
        refused("AWS::ApiGateway::Stage", json!({ "CacheClusterEnabled": true }));
        refused("AWS::Lambda::EventSourceMapping", json!({ "EventSourceArn": "arn:aws:kafka:one" }));
    }

    #[test]
    fn a_bill_shows_services_items_with_sources_and_queues() {
        let mut both = service_with_queue("ordering-on-checkout");
        both["Key"] = resource("AWS::KMS::Key", json!({}));
        let shown = bill_of(&[("ordering", both)]).unwrap().to_string();
        let expected = "          resources  functions  polled queues  dollars\n\
                        ordering          4          1              1     1.00\n\
                        together          4          1              1     1.00\n";
        assert!(shown.starts_with(expected), "{shown}");
        assert!(shown.contains("SQS, requests  648,000  1,000,000     0.00  cloudburn.io"), "{shown}");
        assert!(shown.ends_with("648,000 times a month: ordering-on-checkout\n"), "{shown}");
    }
}
