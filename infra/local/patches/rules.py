"""EventBridge: functions as targets of rules, and of the schedules of EventBridge Scheduler."""

import functools
import json
import time

from ministack.core.arn import ArnParseError, parse_arn
from ministack.core.responses import new_uuid
from ministack.services import eventbridge, lambda_svc, sqs

from patches import destinations, event_queue, policies

# What rules and schedules call the reason of an event that cannot be delivered.
NO_RESOURCE = "NO_RESOURCE", "ResourceNotFoundException"
NO_PERMISSIONS = "NO_PERMISSIONS", "AccessDeniedException"
THROTTLING = "THROTTLING", "TooManyRequestsException"


def apply() -> None:
    invoke_functions_asynchronously()
    keep_what_functions_may_not_receive()


def invoke_functions_asynchronously() -> None:
    """A function is called once, by a thread of its own: an error loses the event. EventBridge and Scheduler invoke functions
    asynchronously.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
    https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html
    """

    def dispatch_to_lambda(function, payload):
        try:
            event = json.loads(payload)
        except (json.JSONDecodeError, TypeError):
            event = {"body": payload}
        event_queue.accept(function, event)

    eventbridge._dispatch_to_lambda = dispatch_to_lambda


def keep_what_functions_may_not_receive() -> None:
    """A target's dead-letter queue is never used, and neither the function's policy nor the schedule's role is asked. EventBridge
    sends an event that a target may not or cannot receive to the queue at once.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
    """
    original = eventbridge._invoke_target

    @functools.wraps(original)
    def invoke_target(target, event, rule, view=None):
        view = view or eventbridge._pattern_event_view(event)
        refusal = refused(target, rule)
        if refusal is None:
            original(target, event, rule, view)
        elif not keep(target, rule, view, *refusal):
            eventbridge.logger.warning("%s: %s is lost: %s", rule["Arn"], event["EventId"], refusal[1])

    eventbridge._invoke_target = invoke_target


def is_schedule(rule: dict) -> bool:
    return rule.get("Arn", "").startswith("arn:aws:scheduler:")


def refused(target: dict, rule: dict) -> tuple[tuple[str, str], str] | None:
    """Why a function does not receive an event: code and message."""
    function = target.get("Arn", "")
    try:
        if parse_arn(function).service != "lambda":
            return None
    except ArnParseError:
        return None
    if lambda_svc._get_func_record_for_ref(function)[0] is None:
        return NO_RESOURCE, f"Function not found: {function}"
    if is_schedule(rule):
        allowed = policies.role_may(target.get("RoleArn", ""), "lambda:InvokeFunction", function)
    else:
        allowed = policies.service_may_invoke(function, "events.amazonaws.com", rule["Arn"])
    if not allowed:
        return NO_PERMISSIONS, f"{rule['Arn']} is not authorized to perform: lambda:InvokeFunction on resource: {function}"
    if event_queue.queue.full():
        return THROTTLING, "Rate Exceeded."
    return None


def keep(target: dict, rule: dict, view, codes: tuple[str, str], message: str) -> bool:
    """Sends an event to the target's dead-letter queue, if there is one that takes it."""
    queue = (target.get("DeadLetterConfig") or {}).get("Arn", "")
    if sqs._queue_by_arn(queue) is None:
        return False
    attributes = {"ERROR_MESSAGE": message, "RETRY_ATTEMPTS": "0", "TARGET_ARN": target["Arn"]}
    body = json.dumps(view.event_with_detail())
    if is_schedule(rule):
        allowed = policies.role_may(target.get("RoleArn", ""), "sqs:SendMessage", queue)
        body = target.get("Input") or body
        attributes |= {
            "ERROR_CODE": codes[1], "EXECUTION_ID": new_uuid(), "IS_PAYLOAD_TRUNCATED": "false",
            "SCHEDULED_TIME": destinations.moment(time.time(), "seconds"), "SCHEDULE_ARN": rule["Arn"],
        }
    else:
        source = parse_arn(rule["Arn"])
        allowed = sqs.queue_policy_allows(queue, "events.amazonaws.com", rule["Arn"], source.account_id)
        attributes |= {"ERROR_CODE": codes[0], "RULE_ARN": rule["Arn"]}
    if allowed:
        destinations.send_message(queue, body, {name: destinations.attribute(value) for name, value in attributes.items()})
    return allowed
