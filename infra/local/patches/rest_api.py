"""API Gateway: REST APIs."""

import functools
import uuid

from ministack.services import apigateway_v1
from ministack.services.cloudformation import provisioners


def apply() -> None:
    fill_in_mock_responses()
    hide_function_errors()
    take_id_tokens_only()
    read_throttled_paths()


def fill_in_mock_responses() -> None:
    """Mock integrations leave variables in their body as they are, and give a body to answers that have none."""
    original = apigateway_v1._invoke_mock_v1

    @functools.wraps(original)
    def invoke_mock(integration):
        status, headers, body = original(integration)
        if status == 204:
            return status, headers, b""
        request_id = str(uuid.uuid4())
        return (
            status,
            headers | {"x-amzn-requestid": request_id},
            body.replace(b"$context.requestId", request_id.encode()),
        )

    apigateway_v1._invoke_mock_v1 = invoke_mock


class FunctionFailed(Exception):
    """A function raised an error, ran out of time, or answered with something other than a response."""


def hide_function_errors() -> None:
    """The gateway passes the response of a failed function to the caller, and skips the API's own response for that case."""
    read_response = apigateway_v1._lambda_proxy_response
    invoke = apigateway_v1._invoke_lambda_proxy_v1

    def read_or_fail(result):
        body = result.get("body")
        if result.get("error") or not isinstance(body, dict) or "statusCode" not in body:
            raise FunctionFailed
        return read_response(result)

    @functools.wraps(invoke)
    async def invoke_function(*arguments, **options):
        try:
            return await invoke(*arguments, **options)
        except FunctionFailed:
            return apigateway_v1._gw_error("DEFAULT_5XX", "Internal server error")

    apigateway_v1._lambda_proxy_response = read_or_fail
    apigateway_v1._invoke_lambda_proxy_v1 = invoke_function


def take_id_tokens_only() -> None:
    """On AWS a Cognito authorizer of methods without scopes takes ID tokens; here it takes access tokens as well."""
    original = apigateway_v1._validate_cognito_authorizer

    @functools.wraps(original)
    async def validate(authorizer, method, *request):
        claims, error = await original(authorizer, method, *request)
        if claims and not method.get("authorizationScopes") and claims.get("token_use") != "id":
            return None, apigateway_v1._gw_error("UNAUTHORIZED", "Unauthorized")
        return claims, error

    apigateway_v1._validate_cognito_authorizer = validate


def read_throttled_paths() -> None:
    """Paths in a stage's method settings are escaped as JSON pointers, by which no request is ever found."""
    original = provisioners._apigw_method_settings

    @functools.wraps(original)
    def method_settings(raw):
        paths = [{**entry, "ResourcePath": unescaped(entry["ResourcePath"])} for entry in raw or []]
        return original(paths)

    def unescaped(path):
        return path.replace("/~1", "/", 1).replace("~1", "/")

    provisioners._apigw_method_settings = method_settings
