"""AWS Lambda: asynchronous invocation.

`LAMBDA_ASYNC_RETRY_BASE_SECONDS` is the wait before an event's first retry, which is 60 s on AWS; the second wait is twice as
long.
"""

import functools
import json
import logging
import time

from ministack.core.arn import parse_arn
from ministack.core.responses import error_response_json, request_scope
from ministack.services import lambda_svc

from patches import destinations, server
from patches.event_queue import QueueFull, accept, queue

logger = logging.getLogger("lambda")

DEFAULT_RETRIES = 2
DEFAULT_MAX_AGE_SECONDS = 6 * 3600
MIN_THROTTLE_SECONDS = 1
MAX_THROTTLE_SECONDS = 300


def apply() -> None:
    queue_events()


def start() -> None:
    """Begins with the events of the last snapshot. Call it when all services have loaded their state."""
    queue.start(process)


def queue_events() -> None:
    """Each asynchronous invocation and S3 notification is a thread in memory: any number run at once, a throttle counts as an
    error, and the record of a failure is the same for destinations and dead-letter queues. AWS keeps events in a queue.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    invoke = lambda_svc._invoke

    @functools.wraps(invoke)
    async def invoke_or_throttle(*arguments, **options):
        try:
            return await invoke(*arguments, **options)
        except QueueFull:
            return error_response_json("TooManyRequestsException", "Rate Exceeded.", 429)

    lambda_svc._invoke = invoke_or_throttle
    lambda_svc.invoke_async_with_retry = lambda function, event: accept(function["config"]["FunctionArn"], event)


def process(event: dict) -> None:
    """Runs the function once; finishes the event, or puts it back."""
    spec = parse_arn(event["function"])
    with request_scope(spec.account_id, spec.region):
        base = lambda_svc._get_base_func_record_for_ref(event["function"])[0]
        record, config, _name = lambda_svc._get_func_record_for_ref(event["function"])
        if record is None:
            queue.finish(event)
        elif not server.stopping.is_set():
            function = record | {
                "concurrency": base.get("concurrency"), "config": config | {"FunctionArn": event["function"]},
            }
            attempt(event, function, invoke_config(base, event["function"]))


def attempt(event: dict, function: dict, settings: dict) -> None:
    max_age = int(settings.get("MaximumEventAgeInSeconds", DEFAULT_MAX_AGE_SECONDS))
    if function["concurrency"] == 0:
        message = "Function not invoked. Function is configured with zero reserved concurrent executions"
        discard(event, "ZeroReservedConcurrency", (429, message), function, settings)
        return
    if time.time() > event["accepted"] + max_age:
        discard(event, "EventAgeExceeded", last_error(event), function, settings)
        return
    result = execute(event, function)
    if not result.get("error"):
        succeed(event, result, function, settings)
        return
    if server.stopping.is_set():
        return  # The function failed because AWS has gone.
    if "status" in result:
        event = event | {"throttles": event["throttles"] + 1}
        if event["failures"] == 0:
            event["response"] = {"responseContext": {"statusCode": result["status"]}}
        wait = min(MIN_THROTTLE_SECONDS * 2 ** (event["throttles"] - 1), MAX_THROTTLE_SECONDS)
    else:
        event = event | {"failures": event["failures"] + 1, "throttles": 0, "response": response(result, function)}
        event["response"]["responseContext"]["functionError"] = result.get("function_error") or "Unhandled"
        if event["failures"] > int(settings.get("MaximumRetryAttempts", DEFAULT_RETRIES)):
            discard(event, "RetriesExhausted", last_error(event), function, settings)
            return
        wait = lambda_svc._LAMBDA_ASYNC_RETRY_BASE_SECONDS * 2 ** (event["failures"] - 1)
    due = time.time() + wait
    if due > event["accepted"] + max_age:
        discard(event, "EventAgeExceeded", last_error(event), function, settings)
    else:
        queue.retry(event, due)


def execute(event: dict, function: dict) -> dict:
    """The result of the function; `status` says that it did not run. All attempts have the request id of the event."""
    config = function["config"]
    lambda_svc._invoke_depth.set(event["depth"])
    lambda_svc._durable_ctx.set(event["durable"])
    slot, _limit = lambda_svc._acquire_execution_slot(function, config)
    if slot is None:
        lambda_svc._emit_lambda_metrics(config["FunctionName"], duration_ms=0.0, error=False, throttle=True)
        return {"error": True, "status": 429}
    try:
        result = lambda_svc._execute_function_dispatch(function, config, event["payload"], event["id"], time.time())
        return result | {"status": 429} if result.get("throttle") else result
    except Exception:
        logger.exception("Lambda %s", config["FunctionName"])
        return {"error": True, "status": 500}
    finally:
        lambda_svc._release_execution_slot(slot)


def succeed(event: dict, result: dict, function: dict, settings: dict) -> None:
    target = destination(settings, "OnSuccess")
    if target:
        event = event | {"response": response(result, function)}
        destinations.send(target, destinations.invocation_record(event, "Success", event["failures"] + 1), function["config"])
    queue.finish(event)


def discard(event: dict, condition: str, error: tuple[int, str], function: dict, settings: dict) -> None:
    """Sends the record of the event to the failure destination, and the event to the dead-letter queue. A function may have both."""
    config = function["config"]
    target = destination(settings, "OnFailure")
    dead_letter_queue = (config.get("DeadLetterConfig") or {}).get("TargetArn")
    if target:
        destinations.send(target, destinations.invocation_record(event, condition, event["failures"]), config)
    if dead_letter_queue:
        destinations.send_to_dead_letter_queue(dead_letter_queue, event, error, config)
    queue.finish(event)


def response(result: dict, function: dict) -> dict:
    body = result.get("body")
    if isinstance(body, (str, bytes)) and result.get("raw_payload"):
        body = json.loads(body or "null")
    return {
        "responseContext": {"statusCode": 200, "executedVersion": function["config"].get("Version", "$LATEST")},
        "responsePayload": body,
    }


def last_error(event: dict) -> tuple[int, str]:
    """Status and message of the last attempt."""
    answer = event["response"] or {"responseContext": {"statusCode": 429}}
    payload = answer.get("responsePayload")
    message = payload.get("errorMessage") if isinstance(payload, dict) else payload
    return answer["responseContext"]["statusCode"], str(message or "Rate Exceeded.")


def invoke_config(function: dict, arn: str) -> dict:
    """The settings of the qualifier by which the function is invoked; none and `$LATEST` are the same."""
    qualifier = lambda_svc._lambda_function_name_and_qualifier_from_arn(arn)[1] or "$LATEST"
    settings = lambda_svc._event_invoke_config(function, qualifier)
    if settings is None and qualifier == "$LATEST":
        settings = lambda_svc._event_invoke_config(function, None)
    return settings or {}


def destination(settings: dict, outcome: str) -> str | None:
    return ((settings.get("DestinationConfig") or {}).get(outcome) or {}).get("Destination")
