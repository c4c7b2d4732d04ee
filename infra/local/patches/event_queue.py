"""AWS Lambda: the queue of the events by which functions are invoked asynchronously.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html

`GET /_ministack/lambda/events` says for each function how many of its events wait and run, and how old the oldest is:
`{"functions": {"<ARN>": {"waiting": 2, "running": 1, "oldestAgeSeconds": 3.4}}}`. Functions without events are not named.
"""

import functools
import heapq
import itertools
import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from ministack import app
from ministack.core.arn import parse_arn
from ministack.core.responses import new_uuid
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

logger = logging.getLogger("lambda")

# At once, in each account and Region: as many as a new account of AWS has.
CONCURRENT_EXECUTIONS = 10
# The queue of AWS has no limit that its documentation names; each snapshot contains all events.
MAX_EVENTS = 100_000
EVENTS_PATH = "/_ministack/lambda/events"


def apply() -> None:
    keep_events_in_snapshots()
    drop_events_of_deleted_functions()
    report_events()


class QueueFull(Exception):
    """The queue takes no more events; AWS answers with a throttle."""


class EventQueue:
    """Events in the order in which they are due, which is that of their arrival unless they are retried.

    An event is a dictionary that a snapshot can contain. It stays in the queue until it is finished, so that a restart
    repeats what it has interrupted.
    """

    def __init__(self) -> None:
        # Counts what a snapshot has to contain.
        self.changes = 0
        self._events: dict[str, dict] = {}
        self._due: list[tuple[float, int, str]] = []
        self._order = itertools.count()
        self._running: set[str] = set()
        self._changed = threading.Condition()
        self._pools: dict[tuple[str, str], ThreadPoolExecutor] = {}

    def put(self, event: dict) -> None:
        with self._changed:
            if self.full():
                raise QueueFull
            self._schedule(event)

    def retry(self, event: dict, due: float) -> None:
        with self._changed:
            if event["id"] in self._events:
                self._schedule(event | {"due": due})

    def finish(self, event: dict) -> None:
        with self._changed:
            self._events.pop(event["id"], None)
            self.changes += 1

    def drop(self, function: str) -> None:
        """Finishes all events of a function, whatever their qualifier."""
        for event in self.events():
            if event["function"] == function or event["function"].startswith(function + ":"):
                self.finish(event)

    def full(self) -> bool:
        return len(self._events) >= MAX_EVENTS

    def events(self) -> list[dict]:
        return list(self._events.values())

    def is_running(self, event: dict) -> bool:
        return event["id"] in self._running

    def restore(self, events: list[dict]) -> None:
        with self._changed:
            for event in events:
                self._schedule(event)

    def start(self, handle) -> None:
        """Passes each event to `handle` when it is due, which finishes or retries it."""
        threading.Thread(target=self._dispatch, args=(handle,), daemon=True, name="ministack-lambda-events").start()

    def _schedule(self, event: dict) -> None:
        self._events[event["id"]] = event
        heapq.heappush(self._due, (event["due"], next(self._order), event["id"]))
        self.changes += 1
        self._changed.notify()

    def _dispatch(self, handle) -> None:
        while True:
            with self._changed:
                while not self._due or self._due[0][0] > time.time():
                    self._changed.wait(self._due[0][0] - time.time() if self._due else None)
                identifier = heapq.heappop(self._due)[2]
                event = self._events.get(identifier)
            if event is not None:
                self._pool(event["function"]).submit(self._run, handle, identifier)

    def _pool(self, function: str) -> ThreadPoolExecutor:
        spec = parse_arn(function)
        key = spec.account_id, spec.region
        if key not in self._pools:
            self._pools[key] = ThreadPoolExecutor(CONCURRENT_EXECUTIONS, thread_name_prefix="ministack-lambda-event")
        return self._pools[key]

    def _run(self, handle, identifier: str) -> None:
        event = self._events.get(identifier)
        if event is None:
            return
        self._running.add(identifier)
        try:
            handle(event)
        except Exception:
            logger.exception("event %s of %s", identifier, event["function"])
            self.retry(event, time.time() + 60)
        finally:
            self._running.discard(identifier)


queue = EventQueue()


def accept(function: str, payload) -> None:
    """Queues an event for the function, version or alias of an ARN. Whoever calls it has found the function."""
    now = time.time()
    queue.put({
        "id": new_uuid(), "function": function, "payload": payload, "accepted": now, "due": now,
        "failures": 0, "throttles": 0, "response": None,
        "depth": lambda_svc._invoke_depth.get(), "durable": lambda_svc._durable_ctx.get(),
    })


def keep_events_in_snapshots() -> None:
    """Events that wait are lost by a restart; AWS keeps them for up to six hours."""
    get_state, load = lambda_svc.get_state, lambda_svc.load_persisted_state

    @functools.wraps(load)
    def load_persisted_state(data):
        load(data)
        queue.restore(data.get("async_events", []))

    lambda_svc.get_state = lambda: get_state() | {"async_events": queue.events()}
    lambda_svc.load_persisted_state = load_persisted_state


def drop_events_of_deleted_functions() -> None:
    """A function of the same name must not get them."""
    delete, remove = lambda_svc._delete_function, provisioners._lambda_delete

    @functools.wraps(delete)
    def delete_function(name, *arguments, **options):
        answer = delete(name, *arguments, **options)
        if name not in lambda_svc._functions:
            queue.drop(lambda_svc._func_arn(name))
        return answer

    @functools.wraps(remove)
    def remove_function(name, properties):
        remove(name, properties)
        queue.drop(lambda_svc._func_arn(name))

    lambda_svc._delete_function = delete_function
    provisioners._lambda_delete = remove_function
    provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]["delete"] = remove_function


def report_events() -> None:
    """AWS has metrics of the events that wait (`AsyncEventAge`); MiniStack has none, so nothing else shows when all is done."""
    original = app._handle_lambda_download_request

    @functools.wraps(original)
    def handle(path, method):
        if path != EVENTS_PATH or method != "GET":
            return original(path, method)
        return 200, {"Content-Type": "application/json"}, json.dumps({"functions": waiting_events()}).encode()

    app._handle_lambda_download_request = handle


def waiting_events() -> dict[str, dict]:
    """By the ARN of the function: its events that wait, those that run, and the age of the oldest."""
    functions: dict[str, dict] = {}
    now = time.time()
    for event in queue.events():
        counts = functions.setdefault(event["function"], {"waiting": 0, "running": 0, "oldestAgeSeconds": 0.0})
        counts["running" if queue.is_running(event) else "waiting"] += 1
        counts["oldestAgeSeconds"] = max(counts["oldestAgeSeconds"], round(now - event["accepted"], 3))
    return functions
