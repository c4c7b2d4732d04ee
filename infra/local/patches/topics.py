"""SNS."""

import functools
import json

from ministack.services import sns, sqs


def apply() -> None:
    keep_what_cannot_be_delivered()


def keep_what_cannot_be_delivered() -> None:
    """A subscription takes a dead-letter queue and never uses it: what its queue does not take is lost."""
    original = sns._deliver_to_sqs

    @functools.wraps(original)
    def deliver(endpoint, *message, topic_arn="", **options):
        if not takes(endpoint, topic_arn):
            endpoint = dead_letter_queue(endpoint, topic_arn) or endpoint
        original(endpoint, *message, topic_arn=topic_arn, **options)

    sns._deliver_to_sqs = deliver


def takes(queue: str, topic: str) -> bool:
    account = topic.split(":")[4] if topic else ""
    return bool(sqs._queue_by_arn(queue)) and sqs.queue_policy_allows(queue, "sns.amazonaws.com", topic, account)


def dead_letter_queue(endpoint: str, topic_arn: str) -> str | None:
    topic = sns._topic_by_arn_any_scope(topic_arn) or {"subscriptions": []}
    for subscription in topic["subscriptions"]:
        policy = subscription.get("attributes", {}).get("RedrivePolicy")
        if subscription.get("endpoint") == endpoint and policy:
            policy = json.loads(policy) if isinstance(policy, str) else policy
            return policy.get("deadLetterTargetArn")
    return None
