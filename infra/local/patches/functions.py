"""AWS Lambda."""

import socketserver

from ministack.core import lambda_runtime

# Long enough for a line that a function wrote before it answered.
FIRST_LOG_LINE_SECONDS = 0.005
LOG_IDLE_SECONDS = 0.001
LOG_LIMIT_SECONDS = 0.250


def apply() -> None:
    send_replies_at_once()
    stop_waiting_for_logs()


def send_replies_at_once() -> None:
    """The Runtime API writes head and body apart; with Nagle's algorithm the second waits 40 ms for an ACK."""
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True


def stop_waiting_for_logs() -> None:
    """After each invocation MiniStack waits 50 ms for a first log line."""
    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (
        FIRST_LOG_LINE_SECONDS, LOG_IDLE_SECONDS, LOG_LIMIT_SECONDS,
    )
