"""EventBridge: archives of a bus, and replays of them."""

import functools
import json

from ministack.services import eventbridge
from ministack.services.cloudformation import provisioners

# Each snapshot contains all of them.
EVENTS_KEPT = 5_000


def apply() -> None:
    take_archives_of_templates()
    keep_the_latest_events()
    keep_events_to_themselves()
    replay_to_the_rules_asked_for()


def take_archives_of_templates() -> None:
    """CloudFormation refuses archives, which the API itself takes."""
    provisioners._RESOURCE_HANDLERS["AWS::Events::Archive"] = {
        "create": create_archive,
        "update": update_archive,
        "delete": lambda name, _properties: eventbridge._delete_archive({"ArchiveName": name}),
    }


def create_archive(logical_id: str, properties: dict, stack: str) -> tuple[str, dict]:
    # The maximum name length of EventBridge.
    name = properties.get("ArchiveName") or f"{stack}-{logical_id}"[:39] + "-" + eventbridge.new_uuid()[:8]
    created = done(eventbridge._create_archive(asked_for(name, properties)))
    return name, {"Arn": created["ArchiveArn"], "ArchiveName": name}


def update_archive(name: str, before: dict, properties: dict, stack: str) -> tuple[str, dict]:
    if any(before.get(key) != properties.get(key) for key in ("ArchiveName", "SourceArn")):
        return create_archive("Archive", properties, stack)
    updated = done(eventbridge._update_archive({"EventPattern": "", "Description": ""} | asked_for(name, properties)))
    return name, {"Arn": updated["ArchiveArn"], "ArchiveName": name}


def asked_for(name: str, properties: dict) -> dict:
    request = {
        "ArchiveName": name, "EventSourceArn": properties["SourceArn"],
        "RetentionDays": int(properties.get("RetentionDays", 0)),
    }
    if "EventPattern" in properties:
        request["EventPattern"] = json.dumps(properties["EventPattern"])
    if "Description" in properties:
        request["Description"] = properties["Description"]
    return request


def done(response) -> dict:
    status, _headers, body = response
    if status >= 400:
        raise ValueError(f"AWS::Events::Archive: {body!r}")
    return json.loads(body)


def keep_the_latest_events() -> None:
    """An archive keeps events for ever, whatever its retention is."""
    original = eventbridge._archive_event

    @functools.wraps(original)
    def archive_event(event, view=None):
        original(event, view)
        for archive in eventbridge._archives.values():
            events = archive.get("Events", [])
            oldest = eventbridge._now_ts() - (archive.get("RetentionDays") or float("inf")) * 86_400
            while len(events) > EVENTS_KEPT or (events and events[0]["Time"] < oldest):
                del events[0]
            archive["EventCount"] = len(events)

    eventbridge._archive_event = archive_event


def keep_events_to_themselves() -> None:
    """Whoever asks about an archive is sent all that is in it."""
    original = eventbridge._describe_archive

    @functools.wraps(original)
    def describe_archive(data):
        status, _headers, body = original(data)
        described = json.loads(body)
        described.pop("Events", None)
        return eventbridge.json_response(described, status)

    eventbridge._describe_archive = describe_archive


def replay_to_the_rules_asked_for() -> None:
    """A replay is sent to every rule, and says nothing of how far it is."""
    original = eventbridge._dispatch_event

    @functools.wraps(original)
    def dispatch_event(event, view=None):
        replay = eventbridge._replays.get(event.get("ReplayName"))
        if replay is None:
            original(event, view)
            return
        rules = replay["Destination"].get("FilterArns")
        view = view or eventbridge._pattern_event_view(event)
        for key, rule in eventbridge._rules.items():
            if (
                rule.get("EventBusName", "default") == event["EventBusName"] and rule.get("State") == "ENABLED"
                and rule.get("EventPattern") and (not rules or rule.get("Arn") in rules)
                and eventbridge._matches_pattern_view(rule["EventPattern"], view, f"rule {key}")
            ):
                for target in eventbridge._targets.get(key, []):
                    eventbridge._invoke_target(target, event, rule, view)
        replay["EventLastReplayedTime"] = event["Time"]

    eventbridge._dispatch_event = dispatch_event
