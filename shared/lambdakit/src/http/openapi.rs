//! Describes HTTP operations as OpenAPI 3.1, from the types that the handlers read and write.
//!
//! A service lists its operations with their specifics. This module adds what follows by rule: an
//! operation that requires sign-in may return 401, one with a body 413, and so on. Functions do not
//! contain this code: a test generates the document, which is kept as a file.

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::dynamodb::page::Limit;
use crate::http::problem;

/// Generates the schema of a type.
type Describe = fn(&mut SchemaGenerator) -> Schema;

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Any client.
    Public,
    /// Signed-in users.
    SignedIn,
    /// Members of this group of the user pool.
    Group(&'static str),
    /// Only programs that sign their requests ([`crate::webhooks`]).
    Signed,
}

/// One method of one path.
#[derive(Clone, Debug)]
pub struct Operation {
    method: Method,
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    access: Access,
    /// The body of the gateway's response, if no function responds.
    by_gateway: Option<Value>,
    rate_limit_class: Option<&'static str>,
    parameters: Vec<Parameter>,
    body: Option<(&'static str, Describe)>,
    status: StatusCode,
    answer: Option<Describe>,
    headers: Vec<(&'static str, Value)>,
    meanwhile: Option<Describe>,
    is_conditional: bool,
    /// Errors that do not follow by rule, with the common descriptions.
    common_refusals: Vec<u16>,
    /// Errors specific to this operation, by status.
    refusals: BTreeMap<u16, &'static str>,
}

#[derive(Clone, Debug)]
struct Parameter {
    place: &'static str,
    name: &'static str,
    description: &'static str,
    required: bool,
    describe: Describe,
}

impl Operation {
    /// An operation that responds with 204. `path` is written as in the router; `id` names the
    /// operation in generated clients.
    #[must_use]
    pub fn new(
        access: Access,
        method: Method,
        path: &'static str,
        id: &'static str,
        summary: &'static str,
    ) -> Self {
        Self {
            method,
            path,
            id,
            summary,
            access,
            by_gateway: None,
            rate_limit_class: None,
            parameters: Vec::new(),
            body: None,
            status: StatusCode::NO_CONTENT,
            answer: None,
            headers: Vec::new(),
            meanwhile: None,
            is_conditional: false,
            common_refusals: Vec::new(),
            refusals: BTreeMap::new(),
        }
    }

    /// Answered by the gateway with this body, without a function, so fewer errors are possible.
    #[must_use]
    pub fn by_gateway(self, body: Value) -> Self {
        Self { by_gateway: Some(body), ..self }
    }

    /// Has the rate limit of this class (`x-rate-limit-class`) rather than that of its method.
    #[must_use]
    pub fn rate_limited_as(self, class: &'static str) -> Self {
        Self { rate_limit_class: Some(class), ..self }
    }

    /// Responds with this status and type.
    #[must_use]
    pub fn answers<T: JsonSchema>(self, status: StatusCode) -> Self {
        Self { status, answer: Some(SchemaGenerator::subschema_for::<T>), ..self }
    }

    /// Responds with 202, this type and `Retry-After` until the final response is available.
    #[must_use]
    pub fn meanwhile<T: JsonSchema>(self) -> Self {
        Self { meanwhile: Some(SchemaGenerator::subschema_for::<T>), ..self }
    }

    /// Responds with the version of the resource.
    #[must_use]
    pub fn with_etag(mut self) -> Self {
        self.headers.push((
            "ETag",
            json!({
                "description": "The version, for If-Match and If-None-Match.",
                "required": true,
                "schema": { "type": "string", "pattern": "^\"[0-9]+\"$" },
            }),
        ));
        self
    }

    /// Responds with the location of the created resource.
    #[must_use]
    pub fn with_location(mut self) -> Self {
        self.headers.push((
            "Location",
            json!({
                "description": "Where it is, relative to the request's URL.",
                "required": true,
                "schema": { "type": "string", "format": "uri-reference" },
            }),
        ));
        self
    }

    /// Adds a path parameter.
    #[must_use]
    pub fn path<T: JsonSchema>(self, name: &'static str, description: &'static str) -> Self {
        self.parameter::<T>("path", name, description)
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query<T: JsonSchema>(self, name: &'static str, description: &'static str) -> Self {
        self.parameter::<T>("query", name, description)
    }

    /// Adds a query parameter that every request must have.
    #[must_use]
    pub fn required_query<T: JsonSchema>(self, name: &'static str, description: &'static str) -> Self {
        self.query::<T>(name, description).required()
    }

    /// Adds the query parameters of pagination.
    #[must_use]
    pub fn paged(self) -> Self {
        self.query::<Limit>("limit", "How many items a page has at most.")
            .query::<String>("cursor", "The `nextCursor` of the page before, of the same list.")
    }

    /// Supports `If-Match` and `If-None-Match` ([`crate::http::etag`]).
    #[must_use]
    pub fn conditional(self) -> Self {
        let conditional = self
            .parameter::<EntityTags>("header", "If-Match", "ETags: only if the resource has one of these.")
            .parameter::<EntityTags>(
                "header",
                "If-None-Match",
                "ETags: only if the resource has none of these.",
            )
            .refused(412, "The resource has another version.");
        Self { is_conditional: true, ..conditional }
    }

    /// Supports `Idempotency-Key`.
    #[must_use]
    pub fn idempotent(self) -> Self {
        let does = "The same request with the same key happens once and is answered the same for a day.";
        self.parameter::<IdempotencyKey>("header", "Idempotency-Key", does)
    }

    /// Requires an `Idempotency-Key`, whose effect `does` describes.
    #[must_use]
    pub fn named(self, does: &'static str) -> Self {
        self.parameter::<IdempotencyKey>("header", "Idempotency-Key", does).required()
    }

    /// Makes the last parameter a required one.
    fn required(mut self) -> Self {
        if let Some(last) = self.parameters.last_mut() {
            last.required = true;
        }
        self
    }

    fn parameter<T: JsonSchema>(
        mut self,
        place: &'static str,
        name: &'static str,
        description: &'static str,
    ) -> Self {
        let describe = SchemaGenerator::subschema_for::<T>;
        let required = place == "path";
        self.parameters.push(Parameter { place, name, description, required, describe });
        self
    }

    /// Accepts a JSON body.
    #[must_use]
    pub fn takes<T: JsonSchema>(self) -> Self {
        Self { body: Some(("application/json", SchemaGenerator::subschema_for::<T>)), ..self }
    }

    /// Adds errors with their common descriptions.
    #[must_use]
    pub fn may_refuse(mut self, statuses: &[u16]) -> Self {
        self.common_refusals.extend(statuses);
        self
    }

    /// Adds an error specific to this operation.
    #[must_use]
    pub fn refused(mut self, status: u16, why: &'static str) -> Self {
        self.refusals.insert(status, why);
        self
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path, with parameters in braces.
    #[must_use]
    pub fn path_template(&self) -> &'static str {
        self.path
    }

    /// Who may call it.
    #[must_use]
    pub fn access(&self) -> Access {
        self.access
    }

    /// Whether a stage may ask for the API key of the calling program: where a function answers, and
    /// nothing else limits who calls it.
    fn takes_api_key(&self) -> bool {
        self.access == Access::Public && self.by_gateway.is_none()
    }

    /// Statuses of the errors that follow by rule.
    fn problems(&self) -> Vec<u16> {
        let has_body = self.body.is_some();
        let rules = [
            (true, &[400, 429, 500][..]),
            (self.by_gateway.is_none(), &[503, 504]),
            (self.takes_api_key(), &[403]),
            (self.access != Access::Public, &[401]),
            (matches!(self.access, Access::Group(_)), &[403]),
            (has_body, &[413, 415, 422]),
        ];
        rules
            .into_iter()
            .filter(|(applies, _)| *applies)
            .flat_map(|(_, statuses)| statuses)
            .chain(&self.common_refusals)
            .copied()
            .collect()
    }
}

/// Errors that any operation may return.
const PROBLEMS: [(u16, &str); 11] = [
    (400, "The request cannot be read, or a query parameter is wrong."),
    (401, "Nobody is signed in."),
    (403, "The caller is not in the required group, or the stage requires an API key."),
    (404, "There is no such resource."),
    (413, "The body is too large."),
    (415, "The body is compressed, or in another charset than UTF-8."),
    (422, "Fields are wrong; `errors` names each."),
    (429, "Too many requests."),
    (500, "Something went wrong on our side."),
    (503, "It may work in a moment."),
    (504, "The gateway waited in vain: look before you try again."),
];

/// The title, version and description of the document.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The API's name.
    pub title: &'static str,
    /// The API's version.
    pub version: &'static str,
    /// The API's description, as Markdown.
    pub description: &'static str,
}

/// The document of several services' operations, each tagged with the name of its service.
///
/// # Panics
/// When two types of the same name, or two operations of the same method and path, differ.
#[must_use]
pub fn document<'a>(about: About, services: impl IntoIterator<Item = (&'a str, Vec<Operation>)>) -> Value {
    let mut schemas = Schemas::new();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for (service, operations) in services {
        for operation in operations {
            let method = operation.method.as_str().to_lowercase();
            let described = schemas.operation(service, &operation);
            let there = paths.entry(operation.path).or_default().insert(method, described);
            assert!(there.is_none(), "{} {} is described twice", operation.method, operation.path);
        }
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "info": { "title": about.title, "version": about.version, "description": about.description },
        // Relative to the URL of the document, whatever the stage and the domain.
        "servers": [{ "url": "." }],
        "paths": paths,
        "components": {
            "parameters": { "CorrelationId": {
                "in": "header",
                "name": "X-Correlation-Id",
                "description": "1 to 64 letters, digits, `-`, `_` or `.`: comes back, and is in all logs. \
                    Anything else is replaced.",
                "schema": { "type": "string" },
            } },
            "headers": { "CorrelationId": {
                "description": "Names the request in all logs.",
                "required": true,
                "schema": { "type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$" },
            } },
            "responses": PROBLEMS
                .into_iter()
                .map(|(status, why)| (title(status), schemas.problem(status, why)))
                .collect::<Map<_, _>>(),
            "schemas": schemas.definitions(),
            "securitySchemes": { "apiKey": {
                "type": "apiKey",
                "in": "header",
                "name": "X-Api-Key",
                "description": "Identifies the calling program, never a user; only for stages that require it.",
            }, "idToken": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "An ID token of the stage's Amazon Cognito user pool.",
            }, "webhookSignature": {
                "type": "apiKey",
                "in": "header",
                "name": "Webhook-Signature",
                "description": "`v1,<Base64 of the HMAC-SHA256 of webhook-id, webhook-timestamp and the body, \
                    joined by full stops>` by the scheme of Standard Webhooks; several are separated by spaces.",
            } },
        },
    });
    document.sort_all_objects();
    document
}

/// The headers of a signed request, except its signature.
fn signed_headers() -> [Value; 2] {
    [
        json!({
            "in": "header",
            "name": "Webhook-Id",
            "description": "Identifies the webhook: one that is sent again has the same.",
            "required": true,
            "schema": { "type": "string", "pattern": "^[!-\\-/-~]{1,100}$" },
        }),
        json!({
            "in": "header",
            "name": "Webhook-Timestamp",
            "description": "When this attempt was signed, in Unix seconds: at most five minutes ago or ahead.",
            "required": true,
            "schema": { "type": "string", "pattern": "^[0-9]{1,20}$" },
        }),
    ]
}

/// Request and response schemas differ: a request may omit members that a response always has.
struct Schemas {
    read: SchemaGenerator,
    written: SchemaGenerator,
    problem: Schema,
}

impl Schemas {
    fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
        });
        let written = settings.clone().for_serialize().with_transform(RecursiveTransform(never_null));
        let mut written = written.into_generator();
        Self { read: settings.into_generator(), problem: written.subschema_for::<problem::Body>(), written }
    }

    fn operation(&mut self, service: &str, operation: &Operation) -> Value {
        let mut parameters: Vec<_> =
            operation.parameters.iter().map(|parameter| self.parameter(parameter)).collect();
        let mut responses = BTreeMap::from([(operation.status.as_u16(), self.answer(operation))]);
        if let Some(describe) = operation.meanwhile {
            let seconds = ("Retry-After", required(json!({ "type": "string", "pattern": "^[0-9]+$" })));
            let meanwhile = Operation {
                status: StatusCode::ACCEPTED,
                answer: Some(describe),
                headers: vec![seconds],
                ..operation.clone()
            };
            responses.insert(202, self.answer(&meanwhile));
        }
        if operation.is_conditional && operation.method == Method::GET {
            let unchanged = Operation { status: StatusCode::NOT_MODIFIED, answer: None, ..operation.clone() };
            responses.insert(304, self.answer(&unchanged));
        }
        for status in operation.problems() {
            responses.insert(status, json!({ "$ref": format!("#/components/responses/{}", title(status)) }));
        }
        for (status, why) in &operation.refusals {
            responses.insert(*status, self.problem(*status, why));
        }
        if operation.access == Access::Signed {
            parameters.extend(signed_headers());
        }
        if operation.by_gateway.is_none() {
            parameters.push(json!({ "$ref": "#/components/parameters/CorrelationId" }));
        }
        let mut described = json!({
            "operationId": operation.id,
            "summary": operation.summary,
            "tags": [service],
            "parameters": parameters,
            "responses": responses,
            "security": match operation.access {
                Access::Public if operation.takes_api_key() => json!([{}, { "apiKey": [] }]),
                Access::Public => json!([]),
                Access::SignedIn => json!([{ "idToken": [] }]),
                // OpenAPI 3.1 allows roles here for schemes without scopes.
                Access::Group(group) => json!([{ "idToken": [group] }]),
                Access::Signed => json!([{ "webhookSignature": [] }]),
            },
        });
        if let Some(class) = operation.rate_limit_class {
            described["x-rate-limit-class"] = class.into();
        }
        if let Some((media_type, describe)) = operation.body {
            let schema = describe(&mut self.read);
            described["requestBody"] =
                json!({ "required": true, "content": { media_type: { "schema": schema } } });
        }
        described
    }

    fn parameter(&mut self, parameter: &Parameter) -> Value {
        json!({
            "in": parameter.place,
            "name": parameter.name,
            "description": parameter.description,
            "required": parameter.required,
            "schema": (parameter.describe)(&mut self.read),
        })
    }

    fn answer(&mut self, operation: &Operation) -> Value {
        let status = operation.status;
        let mut answer = json!({ "description": status.canonical_reason().unwrap_or_default() });
        if let Some(describe) = operation.answer {
            let mut content = json!({ "schema": describe(&mut self.written) });
            if let Some(body) = &operation.by_gateway {
                content["example"] = body.clone();
            }
            answer["content"] = json!({ "application/json": content });
        }
        let mut headers: Map<_, _> =
            operation.headers.iter().map(|(name, header)| ((*name).to_owned(), header.clone())).collect();
        if operation.by_gateway.is_none() {
            let id = json!({ "$ref": "#/components/headers/CorrelationId" });
            headers.insert("X-Correlation-Id".to_owned(), id);
        }
        answer["headers"] = headers.into();
        answer
    }

    fn problem(&self, status: u16, why: &str) -> Value {
        let headers = match status {
            401 => json!({ "WWW-Authenticate": required(json!({ "type": "string", "const": "Bearer" })) }),
            // Seconds.
            429 | 503 | 504 => {
                json!({ "Retry-After": required(json!({ "type": "string", "pattern": "^[0-9]+$" })) })
            }
            _ => json!({}),
        };
        json!({
            "description": why,
            "headers": headers,
            "content": { "application/problem+json": { "schema": self.problem } },
        })
    }

    /// The schemas of all described types, by name.
    fn definitions(mut self) -> Map<String, Value> {
        let mut all = self.written.take_definitions(true);
        // The gateway omits `status` where one response is used for several statuses.
        if let Some(required) = all.get_mut("Problem").and_then(|problem| problem["required"].as_array_mut())
        {
            required.retain(|member| member != "status");
        }
        for (name, schema) in self.read.take_definitions(true) {
            let same = all.get(&name).is_none_or(|written| *written == schema);
            assert!(same, "{name} means something else in answers than in requests");
            all.insert(name, schema);
        }
        for name in all.keys() {
            let numbered = name.ends_with(|last: char| last.is_ascii_digit());
            assert!(!numbered, "{name}: two types have the same name");
        }
        all
    }
}

/// A header that is always present.
fn required(schema: Value) -> Value {
    json!({ "required": true, "schema": schema })
}

/// `NotFound` for 404.
fn title(status: u16) -> String {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    reason.unwrap_or_default().replace(' ', "")
}

/// Removes `null` from a schema: an optional member is omitted, and never null.
pub fn never_null(schema: &mut Schema) {
    if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|name| name != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(choices) = schema.get_mut("anyOf").and_then(Value::as_array_mut) {
        choices.retain(|choice| choice["type"] != "null");
        if let [only] = &choices[..]
            && let Some(only) = only.as_object().cloned()
        {
            schema.remove("anyOf");
            only.into_iter().for_each(|(name, value)| {
                schema.insert(name, value);
            });
        }
    }
}

/// Extends a schema to accept an empty text, which means that the field is not given.
pub fn or_empty(schema: &mut Schema) {
    let full = std::mem::take(schema);
    *schema = schemars::json_schema!({ "anyOf": [full, { "type": "string", "maxLength": 0 }] });
}

/// The schema of the lists that [`crate::http::etag::Preconditions`] reads.
struct EntityTags;

impl JsonSchema for EntityTags {
    fn schema_name() -> Cow<'static, str> {
        "EntityTags".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let tag = r#"(W/)?"[!#-~\u0080-\u00ff]*""#;
        schemars::json_schema!({
            "type": "string",
            "pattern": format!(r"^(\*|[ ,]*({tag}( *,[ ,]*{tag})*[ ,]*)?)$"),
        })
    }
}

impl JsonSchema for Limit {
    fn schema_name() -> Cow<'static, str> {
        "Limit".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 20 })
    }
}

/// The schema of [`crate::idempotency::IdempotencyKey`], which is not read from JSON.
struct IdempotencyKey;

impl JsonSchema for IdempotencyKey {
    fn schema_name() -> Cow<'static, str> {
        "IdempotencyKey".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "pattern": r#"^([!#-~][!-~]{0,254}|"([!#-\[\]-~]|\\["\\]){1,255}")$"# })
    }
}
