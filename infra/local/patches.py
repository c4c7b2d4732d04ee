"""What MiniStack 1.5.33 does unlike AWS, set right inside its process. Each patch is one function that says why."""

import functools
import socketserver
import uuid

from ministack import app
from ministack.core import lambda_runtime
from ministack.services import apigateway_v1, sqs
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
