//! `GetParameter` of SSM, on the runtime that the AWS SDKs share.
//!
//! The SDK of SSM has about 150 operations, and takes 46 seconds of CPU to compile in a debug build:
//! eight times as long as that of Secrets Manager. One operation needs only a request and a
//! response; the runtime adds the signature, the timeouts and the retries.

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::auth::SigV4OperationSigningConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::AuthSchemeOptionResolverParams;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::orchestrator::{
    HttpRequest, HttpResponse, OrchestratorError, SensitiveOutput,
};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::error::ErrorMetadata;
use serde::Deserialize;
use serde_json::json;

use crate::USER_AGENT;
use crate::aws::Aws;
use crate::masking::Redacted;

/// A client of SSM Parameter Store.
#[derive(Clone, Debug)]
pub(crate) struct Ssm {
    get_parameter: Operation<String, Redacted<String>, ErrorMetadata>,
}

impl Aws {
    /// A client of SSM Parameter Store.
    #[must_use]
    pub(crate) fn ssm(&self) -> Ssm {
        let get_parameter = Operation::builder()
            .service_name("ssm")
            .operation_name("GetParameter")
            .http_client(self.http.clone())
            .endpoint_url(&self.endpoint_of("ssm"))
            .timeout_config(self.limits.timeouts())
            .standard_retry(&self.limits.retries())
            .retry_classifier(HttpStatusCodeClassifier::default())
            .retry_classifier(TransientErrorClassifier::<ErrorMetadata>::new())
            .retry_classifier(AwsErrorCodeClassifier::<ErrorMetadata>::new())
            .with_connection_poisoning()
            .runtime_plugin(self.signature("ssm"))
            .serializer(request)
            .deserializer(response)
            .build();
        Ssm { get_parameter }
    }

    /// Signs the requests of a service.
    fn signature(&self, service: &'static str) -> StaticRuntimePlugin {
        let mut config = Layer::new("signature");
        config.store_put(AuthSchemeOptionResolverParams::new(()));
        config.store_put(SensitiveOutput);
        config.store_put(SigV4OperationSigningConfig {
            region: Some(self.region.clone().into()),
            name: Some(service.into()),
            ..SigV4OperationSigningConfig::default()
        });
        let components = RuntimeComponentsBuilder::new("signature")
            .with_auth_scheme(SigV4AuthScheme::new())
            .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID])))
            .with_identity_resolver(SCHEME_ID, SharedCredentialsProvider::new(self.credentials.clone()));
        StaticRuntimePlugin::new().with_config(config.freeze()).with_runtime_components(components)
    }
}

impl Ssm {
    /// The value of the parameter with this name, decrypted if it is a `SecureString`.
    pub(crate) async fn get_parameter(
        &self,
        name: &str,
    ) -> Result<Redacted<String>, SdkError<ErrorMetadata, HttpResponse>> {
        self.get_parameter.invoke(name.to_owned()).await
    }
}

fn request(name: String) -> Result<HttpRequest, BoxError> {
    let input = json!({ "Name": name, "WithDecryption": true }).to_string();
    let length = input.len();
    let mut request = HttpRequest::new(SdkBody::from(input));
    request.set_method("POST")?;
    request.set_uri("/")?;
    let headers = request.headers_mut();
    headers.try_insert("content-type", "application/x-amz-json-1.1")?;
    headers.try_insert("content-length", length.to_string())?;
    headers.try_insert("x-amz-target", "AmazonSSM.GetParameter")?;
    headers.try_insert("user-agent", USER_AGENT)?;
    Ok(request)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetParameterOutput {
    parameter: ParameterOutput,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ParameterOutput {
    value: Redacted<String>,
}

/// An error of a service that speaks JSON.
#[derive(Default, Deserialize)]
struct ErrorOutput {
    #[serde(rename = "__type")]
    kind: Option<String>,
    #[serde(alias = "Message")]
    message: Option<String>,
}

/// Every error has a code of its own, because the display of other errors includes the response.
fn response(response: &HttpResponse) -> Result<Redacted<String>, OrchestratorError<ErrorMetadata>> {
    let body = response.body().bytes().unwrap_or_default();
    let mut error = ErrorMetadata::builder();
    if response.status().is_success() {
        match serde_json::from_slice(body) {
            Ok(GetParameterOutput { parameter }) => return Ok(parameter.value),
            Err(_) => error = error.code("UnreadableResponse"),
        }
    } else {
        let ErrorOutput { kind, message } = serde_json::from_slice(body).unwrap_or_default();
        // Some services prefix the code with a namespace.
        let code = kind.map(|kind| kind.rsplit('#').next().unwrap_or_default().to_owned());
        if let Some(code) = code {
            error = error.code(code);
        }
        if let Some(message) = message {
            error = error.message(message);
        }
    }
    Err(OrchestratorError::operation(error.build()))
}
