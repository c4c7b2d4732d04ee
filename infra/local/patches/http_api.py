"""API Gateway: HTTP APIs."""

import functools

from ministack.services import apigateway, apigateway_v1
from ministack.services.cloudformation import provisioners

UNAUTHORIZED_HEADERS = {"www-authenticate": "Bearer"}


def apply() -> None:
    read_cors_of_templates()
    replace_cors_headers_of_functions()
    pass_stage_and_cookies()
    hide_function_errors()
    limit_routes()
    name_the_scheme_of_tokens()


def read_cors_of_templates() -> None:
    """The CORS configuration of a template is stored under CloudFormation's names, by which no request finds it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-apigatewayv2-api-cors.html
    """
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]
    create, update = handlers["create"], handlers["update"]

    def with_cors(properties):
        cors = properties.get("CorsConfiguration")
        return properties | {"CorsConfiguration": provisioners._pascal_to_camel(cors)} if cors else properties

    def create_api(logical_id, properties, stack):
        return create(logical_id, with_cors(properties), stack)

    def update_api(physical_id, old, new, *stack):
        return update(physical_id, old, with_cors(new), *stack)

    handlers |= {"create": create_api, "update": update_api}


def replace_cors_headers_of_functions() -> None:
    """An API with a CORS configuration ignores the CORS headers of its functions; here both are sent.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
    """
    original = apigateway._invoke_lambda_proxy

    @functools.wraps(original)
    async def invoke(integration, api_id, *request, **options):
        status, headers, body = await original(integration, api_id, *request, **options)
        if (apigateway._apis.get(api_id) or {}).get("corsConfiguration"):
            headers = {name: value for name, value in headers.items() if not name.lower().startswith("access-control-")}
        return status, headers, body

    apigateway._invoke_lambda_proxy = invoke


def pass_stage_and_cookies() -> None:
    """Events lack the stage's variables, the stage in their path, and cookies apart from other headers.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    original = apigateway.run_reentrant

    @functools.wraps(original)
    async def run(function, *arguments, **options):
        return await original(function, *(as_documented(argument) for argument in arguments), **options)

    apigateway.run_reentrant = run


def as_documented(event):
    if not is_http_event(event):
        return event
    context, headers = event["requestContext"], dict(event["headers"])
    variables = apigateway._get_stage_variables(context["apiId"], context["stage"])
    cookies = headers.pop("cookie", None)
    prefix = "" if context["stage"] == "$default" else f"/{context['stage']}"
    path = prefix + event["rawPath"]
    return event | {
        "rawPath": path,
        "headers": headers,
        "requestContext": context | {"http": context["http"] | {"path": path}},
        **({"stageVariables": variables} if variables else {}),
        **({"cookies": cookies.split("; ")} if cookies else {}),
    }


def is_http_event(argument) -> bool:
    """Whether it is an event of payload version 2.0 for an integration; authorizers have a type."""
    return isinstance(argument, dict) and argument.get("version") == "2.0" and "type" not in argument and "rawPath" in argument


class FunctionFailed(Exception):
    """A function raised an error or ran out of time, or was throttled."""

    def __init__(self, result: dict) -> None:
        self.throttled = bool(result.get("throttle"))


def hide_function_errors() -> None:
    """The gateway passes the errors and throttles of functions to the caller.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html
    """
    run, invoke = apigateway.run_reentrant, apigateway._invoke_lambda_proxy

    @functools.wraps(run)
    async def run_or_fail(function, *arguments, **options):
        result = await run(function, *arguments, **options)
        if any(is_http_event(argument) for argument in arguments) and (result.get("error") or result.get("throttle")):
            raise FunctionFailed(result)
        return result

    @functools.wraps(invoke)
    async def invoke_function(*arguments, **options):
        try:
            return await invoke(*arguments, **options)
        except FunctionFailed as failure:
            # 429 would be the gateway's own throttle.
            return message(503, "Service Unavailable") if failure.throttled else message(500, "Internal Server Error")

    apigateway.run_reentrant = run_or_fail
    apigateway._invoke_lambda_proxy = invoke_function


def limit_routes() -> None:
    """The limits of a stage and of its routes are stored, and count nothing.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
    """
    original = apigateway._match_route
    handle = apigateway._handle_execute_in_scope

    @functools.wraps(handle)
    async def handle_execute(api_id, stage, path, method, *request):
        route = original(api_id, method, "/" + path.lstrip("/"))
        settings = (apigateway._stages.get(api_id) or {}).get(stage) or {}
        key = (route or {}).get("routeKey")
        limits = (settings.get("routeSettings") or {}).get(key) or settings.get("defaultRouteSettings") or {}
        limits = {name[0].lower() + name[1:]: value for name, value in limits.items()}
        bucket = {"rateLimit": limits.get("throttlingRateLimit"), "burstLimit": limits.get("throttlingBurstLimit")}
        if method != "OPTIONS" and route and not apigateway_v1._take_token(("http", api_id, stage, key), bucket):
            return message(429, "Too Many Requests")
        return await handle(api_id, stage, path, method, *request)

    apigateway._handle_execute_in_scope = handle_execute


def name_the_scheme_of_tokens() -> None:
    """A refused token is answered without the header that says what is expected.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-jwt.html
    """
    original = apigateway._jwt_unauthorized

    @functools.wraps(original)
    def unauthorized(*text):
        status, headers, body = original(*text)
        return status, headers | UNAUTHORIZED_HEADERS, body

    apigateway._jwt_unauthorized = unauthorized


def message(status: int, text: str) -> tuple:
    return status, {"Content-Type": "application/json"}, f'{{"message":"{text}"}}'.encode()
