"""SNS."""

import functools
import json

from ministack.services import lambda_svc, sns, sqs

from patches import event_queue, policies


def apply() -> None:
    keep_what_cannot_be_delivered()
    invoke_functions_asynchronously()


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


def invoke_functions_asynchronously() -> None:
    """A subscribed function is called once, whatever its policy says: an error loses the message. SNS invokes functions
    asynchronously, and what it may not deliver goes to the subscription's dead-letter queue.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
    """

    def deliver(endpoint, envelope, topic_arn, subscription, message_id, message, attributes):
        invocable = (
            lambda_svc._get_func_record_for_ref(endpoint)[0] is not None
            and policies.service_may_invoke(endpoint, "sns.amazonaws.com", topic_arn)
            and not event_queue.queue.full()
        )
        if invocable:
            event_queue.accept(endpoint, {"Records": [{
                "EventVersion": "1.0", "EventSubscriptionArn": subscription, "EventSource": "aws:sns",
                "Sns": json.loads(envelope),
            }]})
            return
        letters = dead_letter_queue(endpoint, topic_arn)
        if letters:
            sns._deliver_to_sqs(letters, envelope, False, message, topic_arn=topic_arn)
        else:
            sns.logger.warning("SNS: %s does not take the message %s of %s", endpoint, message_id, topic_arn)

    sns._deliver_to_lambda = deliver
