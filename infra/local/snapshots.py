"""Keeps MiniStack's state on disk while it runs, so that also kill -9 loses no more than a few seconds."""

import asyncio
import copy
import json
import logging
import os
import shutil
import signal
import sys
import time
import warnings
from pathlib import Path

from ministack import app as ministack_app
from ministack.core import persistence
from ministack.core.responses import AccountRegionScopedDict
from ministack.services import cloudformation, cloudwatch_logs, dynamodb, lambda_svc, stepfunctions

from patches import event_queue

SECONDS_BETWEEN = 3
# Maximum share of the time that saves may take, however large the state is.
MAX_SHARE = 0.2
SAVE_TIMEOUT_SECONDS = 60
LOG_STREAMS_KEPT = 200
HISTORIES_KEPT = 200
DEPLOYMENT_TIMEOUT_SECONDS = 10
UNFINISHED = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"}


class Snapshots:
    """Snapshots in one directory: `current` is a link to the last whole one, and the only one that is loaded.

    A snapshot is written by a fork of the process. The child sees the state of one moment, whatever the parent does
    meanwhile, so that a message is never gone from its queue before its effect is in its table.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._current = directory / "current"
        self._requests = 0
        self._saved = 0
        persistence.STATE_DIR = str(self._current)
        dynamodb.get_state = _with_streams(dynamodb.get_state)
        dynamodb.load_persisted_state = _restoring_streams(dynamodb.load_persisted_state)
        # MiniStack's own save at exit would write into the current snapshot.
        ministack_app.save_all = lambda _: None

    def watch(self, application):
        """Wraps the application to learn whether there is anything new to save."""

        async def watched(scope, receive, send):
            if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD"):
                self._requests += 1
            await application(scope, receive, send)

        return watched

    def _changes(self) -> int:
        return self._requests + event_queue.queue.changes

    async def run(self, closed: asyncio.Event) -> None:
        """Saves every few seconds while requests come in or events are handled, once after the last, and once when all is `closed`."""
        quiet = True
        while not closed.is_set():
            started = time.monotonic()
            if self._changes() != self._saved or not quiet:
                quiet = self._changes() == self._saved
                await self._save()
            pause = max(SECONDS_BETWEEN, (time.monotonic() - started) / MAX_SHARE)
            try:
                await asyncio.wait_for(closed.wait(), pause)
            except asyncio.TimeoutError:
                continue
        await self._save()

    async def _save(self) -> None:
        await _deployments_done()
        self._saved = self._changes()
        parent = os.getpid()
        with warnings.catch_warnings():
            # The child only reads memory and writes files; it takes no lock that another thread may
            # hold.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            try:
                os.closerange(3, 4096)
                os.nice(10)
                self._write(parent)
                os._exit(0)
            except BaseException as error:
                print(f"Snapshot failed, the one before it stays: {error!r}", file=sys.stderr, flush=True)
            finally:
                os._exit(1)
        await _ended(child)

    def _write(self, parent: int) -> None:
        logging.disable()
        # The child owns its memory: nothing has to be copied or preserved.
        copy.deepcopy = lambda value, memo=None: value
        _forget_old_logs()
        _forget_old_histories()
        # Code of the previous snapshot must stay until this snapshot has replaced it.
        prune, kept = lambda_svc._prune_orphan_code_blobs, []
        lambda_svc._prune_orphan_code_blobs = kept.append

        name = str(time.time_ns())
        target = self._directory / name
        target.mkdir()
        for service, get_state in ministack_app._build_persistence_save_dict().items():
            state = get_state()
            if state is not None:
                (target / f"{service}.json").write_text(_encode(service, state))
        if os.getppid() != parent:
            return  # killed meanwhile: the directory may be in use by the next launcher
        link = self._directory / "next"
        link.unlink(missing_ok=True)
        link.symlink_to(name)
        link.replace(self._current)

        prune(*kept)
        for other in self._directory.iterdir():
            if other.name not in (name, self._current.name):
                shutil.rmtree(other, ignore_errors=True)


def _encode(service: str, state: dict) -> str:
    """The text that MiniStack's own `load_state` reads."""
    return json.dumps(
        {"__ministack_format__": persistence._state_format_version(service), "payload": state},
        default=persistence._json_default,
    )


def _forget_old_logs() -> None:
    """Every invocation has a log stream of its own, for ever."""
    for group in cloudwatch_logs._log_groups._data.values():
        for name in list(group["streams"])[:-LOG_STREAMS_KEPT]:
            del group["streams"][name]


def _forget_old_histories() -> None:
    """An execution stays known for ever, so that its name is not used again; what it did need not."""
    ended = [execution for execution in stepfunctions._executions.all_values() if execution["status"] != "RUNNING"]
    for execution in ended[:-HISTORIES_KEPT]:
        execution["events"] = [execution["events"][0], execution["events"][-1]]


def _with_streams(get_state):
    """MiniStack saves how far each mapping has read, but not the stream records that are still to be read."""

    def get_state_with_streams():
        unread, trimmed = AccountRegionScopedDict(), AccountRegionScopedDict()
        positions = _first_unread_positions()
        for table, records in dynamodb._stream_records._data.items():
            start = dynamodb._stream_trimmed._data.get(table, 0)
            read = max(0, positions.get(table, start) - start)
            unread._data[table] = records[read:]
            trimmed._data[table] = start + read
        return get_state() | {"stream_records": unread, "stream_trimmed": trimmed}

    return get_state_with_streams


def _restoring_streams(load_persisted_state):
    def load_state_with_streams(data):
        load_persisted_state(data)
        dynamodb._stream_records._data.update(data["stream_records"]._data)
        dynamodb._stream_trimmed._data.update(data["stream_trimmed"]._data)

    return load_state_with_streams


def _first_unread_positions() -> dict[tuple[str, str, str], int]:
    """Where the slowest mapping of each table's stream stands."""
    positions: dict[tuple[str, str, str], int] = {}
    for (account, region, mapping), position in lambda_svc._dynamodb_stream_positions._data.items():
        # arn:aws:dynamodb:<region>:<account>:table/<name>/stream/<label>
        source = lambda_svc._esms._data[account, region, mapping]["EventSourceArn"]
        table = (account, region, source.split("/")[1])
        positions[table] = min(position, positions.get(table, position))
    return positions


async def _deployments_done() -> None:
    """Waits for stacks that are being changed: no one would finish them after a restart."""
    deadline = time.monotonic() + DEPLOYMENT_TIMEOUT_SECONDS
    while time.monotonic() < deadline and any(
        stack["StackStatus"] in UNFINISHED for stack in cloudformation._stacks._data.values()
    ):
        await asyncio.sleep(0.05)


async def _ended(child: int) -> None:
    deadline = time.monotonic() + SAVE_TIMEOUT_SECONDS
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
        await asyncio.sleep(0.02)
