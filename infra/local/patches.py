"""What MiniStack 1.5.33 does unlike AWS, set right inside its process. Each patch is one function that says why."""

import functools
import socketserver
import uuid

from ministack import app
from ministack.core import lambda_runtime
from ministack.services import apigateway_v1, cognito, sqs
from ministack.services.cloudformation import provisioners

# Long enough for a line that a function wrote before it answered.
FIRST_LOG_LINE_SECONDS = 0.005
LOG_IDLE_SECONDS = 0.001
LOG_LIMIT_SECONDS = 0.250


def apply() -> None:
    send_replies_at_once()
    stop_waiting_for_logs()
    fill_in_mock_responses()
    hide_function_errors()
    keep_queue_urls()
    count_loopback_as_secure()
    take_metric_math()
    take_id_tokens_only()
    trust_confirmed_addresses()
    ignore_case_of_user_names()
    refuse_addresses_as_user_names()
    read_throttled_paths()


def send_replies_at_once() -> None:
    """The Runtime API writes head and body apart; with Nagle's algorithm the second waits 40 ms for an ACK."""
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True


def stop_waiting_for_logs() -> None:
    """After each invocation MiniStack waits 50 ms for a first log line."""
    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (
        FIRST_LOG_LINE_SECONDS, LOG_IDLE_SECONDS, LOG_LIMIT_SECONDS,
    )


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
    """The gateway tells the caller what a failed function said, and skips the API's own response for that case."""
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


def keep_queue_urls() -> None:
    """Queues are stored under URLs with the port of the day, and lost with another port; clients need no true port."""
    sqs.DEFAULT_PORT = "4566"
    sqs._CANONICAL_NETLOC = f"{sqs.DEFAULT_HOST}:{sqs.DEFAULT_PORT}"
    sqs._HOST_EXPLICIT = False


def count_loopback_as_secure() -> None:
    """Policies that refuse plain HTTP mean the network; nothing here leaves this machine."""
    original = app.pin_request_origin

    def pin_request_origin(source_ip, _secure_transport):
        original(source_ip, True)

    app.pin_request_origin = pin_request_origin


def take_metric_math() -> None:
    """CloudFormation refuses alarms over several metrics; the first of them has to do, as no alarm goes off here."""
    original = provisioners._cw_metric_alarm_record

    def alarm_record(name, properties):
        metrics = [entry["MetricStat"]["Metric"] for entry in properties.get("Metrics", []) if "MetricStat" in entry]
        if metrics:
            properties = {key: value for key, value in properties.items() if key != "Metrics"}
            properties |= {"Namespace": metrics[0]["Namespace"], "MetricName": metrics[0]["MetricName"], "Statistic": "Sum", "Period": 300}
        return original(name, properties)

    provisioners._cw_metric_alarm_record = alarm_record


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


def trust_confirmed_addresses() -> None:
    """The code that confirms a sign-up came by e-mail, so it proves the address, by which one can sign in then."""
    original = cognito._confirm_sign_up

    @functools.wraps(original)
    def confirm_sign_up(data):
        response = original(data)
        if response[0] == 200:
            pool, _ = cognito._pool_for_client(data["ClientId"])
            user, _ = cognito._resolve_user(pool, data["Username"])
            proven = [{"Name": "email_verified", "Value": "true"}]
            user["Attributes"] = cognito._merge_attributes(user["Attributes"], proven)
        return response

    cognito._confirm_sign_up = confirm_sign_up


def ignore_case_of_user_names() -> None:
    """A user pool that says that case does not matter lets `Grace` sign up beside `grace`, and knows neither as `GRACE`."""
    resolve = cognito._resolve_user
    refuse = cognito._new_user_error

    def known_as(pool, name):
        """The same name as it was signed up with, or the name itself."""
        if not isinstance(name, str) or pool.get("UsernameConfiguration", {}).get("CaseSensitive") is not False:
            return name
        return next((known for known in pool["_users"] if known.casefold() == name.casefold()), name)

    @functools.wraps(resolve)
    def resolve_user(pool, name):
        return resolve(pool, known_as(pool, name))

    @functools.wraps(refuse)
    def new_user_error(pool, name, attributes):
        if known_as(pool, name) != name:
            return cognito.error_response_json("UsernameExistsException", "User already exists.", 400)
        return refuse(pool, name, attributes)

    cognito._resolve_user = resolve_user
    cognito._new_user_error = new_user_error


def refuse_addresses_as_user_names() -> None:
    """Where people can sign in by address, a name that looks like one would shut the owner of the address out."""
    original = cognito._new_user_error

    @functools.wraps(original)
    def new_user_error(pool, name, attributes):
        if "email" in pool.get("AliasAttributes", []) and cognito._USERNAME_EMAIL_RE.fullmatch(name):
            message = "Username cannot be of email format, since user pool is configured for email alias."
            return cognito.error_response_json("InvalidParameterException", message, 400)
        return original(pool, name, attributes)

    cognito._new_user_error = new_user_error


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
