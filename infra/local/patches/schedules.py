"""EventBridge Scheduler."""

import functools
import json

from ministack import app
from ministack.core import iam_actions
from ministack.services import eventbridge, scheduler

SWEEP_SECONDS = 1


def apply() -> None:
    look_each_second()
    know_schedules_by_their_group()
    ask_for_the_role()
    publish_the_targets_event()


def look_each_second() -> None:
    """Schedules are looked through every ten seconds; AWS promises no more than the minute, but a laptop is waited for."""
    scheduler._SCHEDULE_TICK_INTERVAL = SWEEP_SECONDS


def know_schedules_by_their_group() -> None:
    """To policies every schedule is one of the group `default`, as the group is not in the path."""
    original = iam_actions.extract_resource_arn

    @functools.wraps(original)
    def resource_arn(service, method, path, headers, body, query_params, *rest):
        arn = original(service, method, path, headers, body, query_params, *rest)
        if service != "scheduler" or ":schedule/default/" not in arn:
            return arn
        group = said(body).get("GroupName") or one(query_params.get("groupName")) or "default"
        return arn.replace(":schedule/default/", f":schedule/{group}/", 1)

    iam_actions.extract_resource_arn = resource_arn


def ask_for_the_role() -> None:
    """Whoever makes a schedule has to be allowed to pass the role that it acts in; nobody looks."""
    original = scheduler.handle_request

    @functools.wraps(original)
    async def handle_request(method, path, headers, body, query_params):
        role = said(body).get("Target", {}).get("RoleArn")
        if method in ("POST", "PUT") and role:
            denied = app._enforce_data_plane(
                "scheduler", "iam:PassRole", headers, query_params, "", resource_arn=role,
                service_context={"iam:PassedToService": "scheduler.amazonaws.com"},
            )
            if denied:
                return denied
        return await original(method, path, headers, body, query_params)

    scheduler.handle_request = handle_request


def publish_the_targets_event() -> None:
    """A schedule for an event bus publishes an event with the source and detail type of its target, not one of its own."""
    original = eventbridge._invoke_target

    @functools.wraps(original)
    def invoke_target(target, event, *rest, **options):
        parameters = target.get("EventBridgeParameters")
        if parameters:
            event = event | {"Source": parameters["Source"], "DetailType": parameters["DetailType"]}
        return original(target, event, *rest, **options)

    eventbridge._invoke_target = invoke_target


def said(body: bytes) -> dict:
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def one(values):
    return values[0] if isinstance(values, list) else values
