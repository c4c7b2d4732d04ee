"""AWS Lambda."""

import functools
import os
import re
import socketserver

from ministack.core import lambda_runtime
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

# Long enough for a line that a function wrote before it responded.
FIRST_LOG_LINE_SECONDS = 0.005
LOG_IDLE_SECONDS = 0.001
LOG_LIMIT_SECONDS = 0.250

FUNCTION_HOST = re.compile(r"https://([a-z0-9]{32})\.lambda-url\.[a-z0-9-]+\.on\.aws")
API_HOST = re.compile(r"(http|ws)s://([a-z0-9]{8,10})\.execute-api\.[a-z0-9-]+\.amazonaws\.com")


def apply() -> None:
    send_replies_at_once()
    stop_waiting_for_logs()
    reach_hosts_of_the_account()
    take_limits_of_templates()


def send_replies_at_once() -> None:
    """The Runtime API writes head and body apart; with Nagle's algorithm the second waits 40 ms for an ACK."""
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True


def stop_waiting_for_logs() -> None:
    """After each invocation MiniStack waits 50 ms for a first log line."""
    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (
        FIRST_LOG_LINE_SECONDS, LOG_IDLE_SECONDS, LOG_LIMIT_SECONDS,
    )


def reach_hosts_of_the_account() -> None:
    """Names like `<id>.lambda-url.us-east-1.on.aws` do not resolve here; functions find in their environment what does."""
    original = lambda_svc._provided_worker_env

    @functools.wraps(original)
    def worker_env(*arguments):
        return {name: reachable(value) for name, value in original(*arguments).items()}

    lambda_svc._provided_worker_env = worker_env


def reachable(text: str) -> str:
    here = f"127.0.0.1:{os.environ['GATEWAY_PORT']}/_aws"
    text = FUNCTION_HOST.sub(rf"http://{here}/lambda-url/\1", text)
    return API_HOST.sub(rf"\1://{here}/execute-api/\2", text)


def take_limits_of_templates() -> None:
    """CloudFormation drops a function's dead-letter queue and its reserved concurrency, which the API itself takes.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
    """
    create, update = provisioners._lambda_create, provisioners._lambda_update

    @functools.wraps(create)
    def create_function(logical_id, properties, *rest):
        return with_limits(create(logical_id, properties, *rest), properties)

    @functools.wraps(update)
    def update_function(physical_id, before, properties, *rest, **options):
        return with_limits(update(physical_id, before, properties, *rest, **options), properties)

    def with_limits(created, properties):
        function = lambda_svc._functions[created[0]]
        function["config"].pop("DeadLetterConfig", None)
        if "DeadLetterConfig" in properties:
            function["config"]["DeadLetterConfig"] = properties["DeadLetterConfig"]
        reserved = properties.get("ReservedConcurrentExecutions")
        function["concurrency"] = None if reserved is None else int(reserved)
        return created

    provisioners._lambda_create = create_function
    provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"] |= {"create": create_function, "update": update_function}
