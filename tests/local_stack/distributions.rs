//! CloudFront: sites are reached by HTTP under names of this machine, and may call APIs.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use ureq::Agent;

use crate::local_aws::LocalAws;

/// Objects are in a private bucket, and pages may be read by HTTPS only.
fn site() -> Value {
    json!({
        "Files": { "Type": "AWS::S3::Bucket", "Properties": {} },
        "Policy": { "Type": "AWS::S3::BucketPolicy", "Properties": {
            "Bucket": { "Ref": "Files" },
            "PolicyDocument": { "Version": "2012-10-17", "Statement": [
                {
                    "Effect": "Deny", "Principal": { "AWS": "*" }, "Action": "s3:*", "Resource": "*",
                    "Condition": { "Bool": { "aws:SecureTransport": "false" } },
                },
                {
                    "Effect": "Allow", "Principal": { "Service": "cloudfront.amazonaws.com" }, "Action": "s3:GetObject",
                    "Resource": { "Fn::Join": ["", [{ "Fn::GetAtt": ["Files", "Arn"] }, "/*"]] },
                    "Condition": { "StringEquals": { "AWS:SourceArn": { "Fn::Join": ["", [
                        "arn:aws:cloudfront::", { "Ref": "AWS::AccountId" }, ":distribution/", { "Ref": "Site" },
                    ]] } } },
                },
            ] },
        } },
        "Access": { "Type": "AWS::CloudFront::OriginAccessControl", "Properties": { "OriginAccessControlConfig": {
            "Name": "access", "OriginAccessControlOriginType": "s3", "SigningBehavior": "always", "SigningProtocol": "sigv4",
        } } },
        "Headers": { "Type": "AWS::CloudFront::ResponseHeadersPolicy", "Properties": { "ResponseHeadersPolicyConfig": {
            "Name": "headers",
            "SecurityHeadersConfig": { "ContentSecurityPolicy": { "Override": true, "ContentSecurityPolicy": POLICY } },
        } } },
        "Site": { "Type": "AWS::CloudFront::Distribution", "Properties": { "DistributionConfig": {
            "Enabled": true,
            "Origins": [{
                "Id": "files", "DomainName": { "Fn::GetAtt": ["Files", "RegionalDomainName"] },
                "OriginAccessControlId": { "Fn::GetAtt": ["Access", "Id"] }, "S3OriginConfig": { "OriginAccessIdentity": "" },
            }],
            "DefaultCacheBehavior": {
                "TargetOriginId": "files", "ViewerProtocolPolicy": "redirect-to-https",
                "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
                "ResponseHeadersPolicyId": { "Ref": "Headers" },
            },
        } } },
        "Api": { "Type": "AWS::ApiGateway::RestApi", "Properties": { "Name": "api" } },
        "Method": { "Type": "AWS::ApiGateway::Method", "Properties": {
            "RestApiId": { "Ref": "Api" }, "ResourceId": { "Fn::GetAtt": ["Api", "RootResourceId"] },
            "HttpMethod": "OPTIONS", "AuthorizationType": "NONE",
            "MethodResponses": [{
                "StatusCode": "204", "ResponseParameters": { "method.response.header.Access-Control-Allow-Origin": true },
            }],
            "Integration": {
                "Type": "MOCK", "RequestTemplates": { "application/json": "{\"statusCode\": 204}" },
                "IntegrationResponses": [{ "StatusCode": "204", "ResponseParameters": {
                    "method.response.header.Access-Control-Allow-Origin": { "Fn::Join": ["", [
                        "'https://", { "Fn::GetAtt": ["Site", "DomainName"] }, "'",
                    ]] },
                } }],
            },
        } },
        "Deployment": {
            "Type": "AWS::ApiGateway::Deployment", "DependsOn": ["Method"],
            "Properties": { "RestApiId": { "Ref": "Api" }, "StageName": "test" },
        },
    })
}

const POLICY: &str = "connect-src 'self' https://*.execute-api.us-east-1.amazonaws.com \
                      wss://*.execute-api.us-east-1.amazonaws.com https://cognito-idp.us-east-1.amazonaws.com";

/// A local AWS with a site and an API.
struct World {
    aws: LocalAws,
    outputs: BTreeMap<String, String>,
}

impl World {
    fn start(aws: LocalAws) -> Self {
        aws.ready();
        let outputs = json!({
            "Domain": { "Fn::GetAtt": ["Site", "DomainName"] }, "Files": { "Ref": "Files" }, "Api": { "Ref": "Api" },
        });
        let outputs = aws.deploy(&site(), &outputs);
        aws.put_object(&format!("{}/page.txt", outputs["Files"]), b"a page");
        Self { aws, outputs }
    }

    /// The host that browsers find the site at.
    fn host(&self) -> String {
        let label = self.outputs["Domain"].strip_suffix(".cloudfront.net").unwrap();
        format!("{label}.cloudfront.localhost:{}", self.aws.address().rsplit(':').next().unwrap())
    }

    /// Reads a file of the site; returns its text and its content security policy.
    fn read(&self, file: &str) -> (u16, String, String) {
        let request = agent().get(format!("{}/{file}", self.aws.endpoint())).header("host", self.host());
        let mut response = request.call().unwrap();
        let policy = response.headers().get("content-security-policy");
        let policy = policy.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        (response.status().as_u16(), response.body_mut().read_to_string().unwrap(), policy)
    }

    /// The origin that the API allows when a page of `origin` asks.
    fn allowed(&self, origin: &str) -> String {
        let url = format!("{}/_aws/execute-api/{}/test", self.aws.endpoint(), self.outputs["Api"]);
        let request =
            agent().options(url).header("origin", origin).header("access-control-request-method", "GET");
        let response = request.call().unwrap();
        assert_eq!(response.status(), 204);
        let allowed = response.headers().get("access-control-allow-origin");
        allowed.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }
}

fn agent() -> Agent {
    Agent::config_builder().http_status_as_error(false).proxy(None).build().into()
}

#[test]
fn a_site_is_read_by_http_and_its_bucket_is_not() {
    let world = World::start(LocalAws::start_with_authorization("site"));
    assert_eq!(world.read("page.txt").1, "a page");
    assert_eq!(world.read("missing.txt").0, 403);
    let direct = agent().get(format!("{}/{}/page.txt", world.aws.endpoint(), world.outputs["Files"])).call();
    assert_eq!(direct.unwrap().status(), 403);
}

#[test]
fn a_site_is_the_same_after_a_restart() {
    let mut world = World::start(LocalAws::start("site-restart"));
    assert_eq!(world.read("page.txt").1, "a page");
    world.aws.stop();
    world.aws.start_again();
    world.aws.ready();
    let (status, page, _) = world.read("page.txt");
    assert_eq!((status, page.as_str()), (200, "a page"));
}

#[test]
fn pages_may_connect_to_apis_and_user_pools_of_this_machine() {
    let world = World::start(LocalAws::start("site-policy"));
    let here = world.aws.address();
    assert_eq!(
        world.read("page.txt").2,
        format!("connect-src 'self' http://{here} ws://{here} http://{here}")
    );
}

#[test]
fn an_api_allows_the_origin_that_a_site_has_here() {
    let world = World::start(LocalAws::start("site-origin"));
    let origin = format!("http://{}", world.host());
    assert_eq!(world.allowed(&origin), origin);
    let other = "http://dother.cloudfront.localhost:80";
    assert_ne!(world.allowed(other), other);
}
