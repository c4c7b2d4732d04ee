"""SQS."""

from ministack.services import sqs


def apply() -> None:
    keep_queue_urls()


def keep_queue_urls() -> None:
    """Queues are stored under URLs with the port of the day, and lost with another port; clients need no true port."""
    sqs.DEFAULT_PORT = "4566"
    sqs._CANONICAL_NETLOC = f"{sqs.DEFAULT_HOST}:{sqs.DEFAULT_PORT}"
    sqs._HOST_EXPLICIT = False
