"""AWS Lambda: destinations and dead-letter queues, and the records that are sent to them.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

import json
import logging
from datetime import datetime, timezone

from ministack.core.arn import parse_arn
from ministack.core.responses import new_uuid
from ministack.services import eventbridge, lambda_svc, sns, sqs

from patches import event_queue, policies

logger = logging.getLogger("lambda")

ACTIONS = {
    "sqs": "sqs:SendMessage", "sns": "sns:Publish", "lambda": "lambda:InvokeFunction", "events": "events:PutEvents",
}


class DeliveryFailed(Exception):
    """A destination does not exist, does not take the message, or the function's role may not send to it."""


def send(target: str, record: dict, config: dict) -> None:
    """Sends a record as the function of `config`; one that cannot be sent is lost, as on AWS."""
    service = parse_arn(target).service
    try:
        authorize(target, service, config)
        if service == "lambda":
            invoke(target, record)
        elif service == "events":
            put_event(target, record)
        else:
            send_message(target, json.dumps(record))
    except (DeliveryFailed, event_queue.QueueFull) as error:
        logger.warning("Lambda %s: no record in %s: %r", config["FunctionName"], target, error)


def send_to_dead_letter_queue(target: str, event: dict, error: tuple[int, str], config: dict) -> None:
    """The event as it was, with its error in the attributes.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq
    """
    code, message = error
    attributes = {
        "RequestID": attribute(event["id"]),
        "ErrorCode": attribute(str(code), "Number"),
        "ErrorMessage": attribute(message.encode()[:1024].decode(errors="ignore") or "Unknown error"),
    }
    try:
        authorize(target, parse_arn(target).service, config)
        send_message(target, json.dumps(event["payload"]), attributes)
    except DeliveryFailed as failure:
        logger.warning("Lambda %s: no dead letter in %s: %s", config["FunctionName"], target, failure)


def authorize(target: str, service: str, config: dict) -> None:
    if service not in ACTIONS:
        raise DeliveryFailed(f"{service} is not supported")
    if not policies.role_may(config.get("Role", ""), ACTIONS[service], target):
        raise DeliveryFailed(f"{config.get('Role')} may not {ACTIONS[service]}")


def send_message(target: str, body: str, attributes: dict | None = None) -> None:
    """Sends to a queue or publishes to a topic."""
    if parse_arn(target).service == "sns":
        if sns._topic_by_arn_any_scope(target) is None:
            raise DeliveryFailed("the topic does not exist")
        sns._fanout(target, new_uuid(), body, "", "", attributes or {})
        return
    queue = sqs._queue_by_arn(target)
    if queue is None:
        raise DeliveryFailed("the queue does not exist")
    message = {"QueueUrl": queue["url"], "MessageBody": body, "MessageAttributes": attributes or {}}
    try:
        sqs._act_send_message(message, queue["url"])
    except sqs._Err as error:
        raise DeliveryFailed(str(error)) from error


def invoke(function: str, record: dict) -> None:
    if lambda_svc._get_func_record_for_ref(function)[0] is None:
        raise DeliveryFailed("the function does not exist")
    event_queue.accept(function, record)


def put_event(bus: str, record: dict) -> None:
    function = record["requestContext"]["functionArn"]
    outcome = "Success" if record["requestContext"]["condition"] == "Success" else "Failure"
    entry = {
        "EventBusName": bus, "Source": "lambda", "DetailType": f"Lambda Function Invocation Result - {outcome}",
        "Detail": json.dumps(record), "Resources": [bus, function],
    }
    response = json.loads(eventbridge._put_events({"Entries": [entry]})[2])
    if response["FailedEntryCount"]:
        raise DeliveryFailed(response["Entries"][0]["ErrorMessage"])


def attribute(value: str, kind: str = "String") -> dict:
    return {"DataType": kind, "StringValue": value}


def invocation_record(event: dict, condition: str, invocations: int) -> dict:
    """What becomes of an asynchronous event; without the response if the function has not run."""
    record = {
        "version": "1.0",
        "timestamp": moment(datetime.now(timezone.utc).timestamp(), "milliseconds"),
        "requestContext": {
            "requestId": event["id"], "functionArn": qualified(event["function"]), "condition": condition,
            "approximateInvokeCount": invocations,
        },
        "requestPayload": event["payload"],
    }
    return record | (event["response"] or {})


def batch_record(mapping: dict, batch: list[dict], condition: str, invocations: int, config: dict) -> dict:
    """The batch of a DynamoDB stream that a mapping discards; its records stay in the stream for a day.

    https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
    """
    first, last = batch[0]["dynamodb"], batch[-1]["dynamodb"]
    return {
        "requestContext": {
            "requestId": new_uuid(), "functionArn": mapping["FunctionArn"], "condition": condition,
            "approximateInvokeCount": invocations,
        },
        "responseContext": {
            "statusCode": 200, "executedVersion": config.get("Version", "$LATEST"), "functionError": "Unhandled",
        },
        "version": "1.0",
        "timestamp": moment(datetime.now(timezone.utc).timestamp(), "milliseconds"),
        "DDBStreamBatchInfo": {
            "shardId": "shardId-00000000000000000000-00000000",
            "startSequenceNumber": first["SequenceNumber"],
            "endSequenceNumber": last["SequenceNumber"],
            "approximateArrivalOfFirstRecord": moment(first["ApproximateCreationDateTime"], "seconds"),
            "approximateArrivalOfLastRecord": moment(last["ApproximateCreationDateTime"], "seconds"),
            "batchSize": len(batch),
            "streamArn": mapping["EventSourceArn"],
        },
    }


def qualified(function: str) -> str:
    return function if function.count(":") > 6 else f"{function}:$LATEST"


def moment(epoch: float, precision: str) -> str:
    return datetime.fromtimestamp(epoch, timezone.utc).isoformat(timespec=precision).replace("+00:00", "Z")
