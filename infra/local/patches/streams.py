"""AWS Lambda: event source mappings of DynamoDB streams."""

import json
import logging
import time
from dataclasses import dataclass, field

from ministack.core.arn import ArnParseError, parse_arn
from ministack.core.responses import request_scope
from ministack.services import dynamodb, lambda_svc

from patches import destinations, server

logger = logging.getLogger("lambda")

FIRST_RETRY_SECONDS = 1
MAX_RETRY_SECONDS = 10


@dataclass
class Retry:
    """Where a mapping is within a batch that has failed. A restart forgets it: the batch begins anew at its first record."""

    # Ends of the parts that the batch has been split into; the last one is the next.
    ends: list[int] = field(default_factory=list)
    # Failures of the first record of the part.
    failures: int = 0
    waits: int = 0
    due: float = 0.0


retries: dict[str, Retry] = {}


def apply() -> None:
    poll_as_lambda_does()


def poll_as_lambda_does() -> None:
    """A mapping takes a batch of which the function reports records for done. It repeats a failed batch each second for ever, as
    it knows neither `BisectBatchOnFunctionError` nor `MaximumRetryAttempts`; it discards records that are too old only after
    they failed, and with the rest of their batch. All mappings wait for a function that is slow.

    https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
    """
    lambda_svc._poll_dynamodb_streams = poll


def poll() -> bool:
    """Starts a batch of each mapping that has records and none under way; returns whether there was one."""
    found = False
    mappings = [] if server.stopping.is_set() else list(lambda_svc._iter_all_esms())
    for account, region, mapping in mappings:
        with request_scope(account, region):
            table = table_of(mapping)
            function, _config = lambda_svc._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
            if table is None or function is None or lambda_svc._esm_inflight.get(mapping["UUID"]):
                continue
            start, records = next_batch(mapping, table)
            if records:
                lambda_svc._dispatch_esm_batch(mapping["UUID"], process, mapping, function, start, records)
                found = True
    return found


def table_of(mapping: dict) -> str | None:
    """The table of an enabled mapping's stream, if that stream is the table's present one."""
    try:
        spec = parse_arn(mapping.get("EventSourceArn", ""))
    except ArnParseError:
        return None
    found = lambda_svc._dynamodb_stream_table_from_arn_spec(spec)
    if found is None or not mapping.get("Enabled", True):
        return None
    table = dynamodb._tables.get(found[0])
    return found[0] if table and table.get("LatestStreamArn") == mapping["EventSourceArn"] else None


def next_batch(mapping: dict, table: str) -> tuple[int, list[dict]]:
    """The position of the next record, and the records from there; none if there are none or it is too early."""
    retry = retries.setdefault(mapping["UUID"], Retry())
    positions = lambda_svc._dynamodb_stream_positions
    horizon = dynamodb.stream_start_position(table)
    with lambda_svc._dynamodb_stream_positions_lock:
        if mapping["UUID"] not in positions:
            latest = mapping.get("StartingPosition") != "TRIM_HORIZON"
            positions[mapping["UUID"]] = dynamodb.stream_end_position(table) if latest else horizon
        # Records are trimmed after a day.
        start = positions[mapping["UUID"]] = max(positions[mapping["UUID"]], horizon)
    if retry.due > time.time():
        return start, []
    while retry.ends and retry.ends[-1] <= start:
        retry.ends.pop()
    limit = retry.ends[-1] - start if retry.ends else int(mapping.get("BatchSize", 100))
    return start, dynamodb.stream_records_since(table, start, limit)


def process(mapping: dict, function: dict, start: int, records: list[dict]) -> None:
    try:
        invoke(mapping, function, start, records)
    except Exception:
        logger.exception("event source mapping %s", mapping["UUID"])
        wait(mapping)
    if mapping["UUID"] not in lambda_svc._esms:
        retries.pop(mapping["UUID"], None)


def invoke(mapping: dict, function: dict, start: int, records: list[dict]) -> None:
    """Invokes the function with a batch, and moves the mapping behind what is done or discarded."""
    places = {sequence_number(record): start + index for index, record in enumerate(records)}
    end = start + len(records)
    batch = lambda_svc._apply_filter_criteria(records, mapping)
    young = [record for record in batch if not too_old(record, mapping)]
    if len(young) < len(batch):
        discard(mapping, function, batch[: len(batch) - len(young)], "RecordAgeExceeded")
        advance(mapping, places[sequence_number(young[0])] if young else end)
    if not young:
        advance(mapping, end)
        return
    result = lambda_svc._execute_function(function, {"Records": young})
    if result.get("error") and server.stopping.is_set():
        return  # The function failed because AWS has gone.
    first = first_unfinished(mapping, young, result)
    mapping["LastProcessingResult"] = f"OK - {len(young)} records" if first is None else "FAILED"
    if first is None:
        advance(mapping, end)
    elif result.get("throttle"):
        wait(mapping)
    else:
        fail(mapping, function, young[first:], places, end, progress=first > 0)


def fail(mapping: dict, function: dict, batch: list[dict], places: dict[str, int], end: int, *, progress: bool) -> None:
    """Splits, repeats or discards what is left of a batch. To split it does not count as an attempt."""
    retry = retries[mapping["UUID"]]
    if progress:
        advance(mapping, places[sequence_number(batch[0])])
    if not retry.ends:
        retry.ends = [end]
    splits = mapping.get("BisectBatchOnFunctionError") in (True, "true")
    limit = int(mapping.get("MaximumRetryAttempts", -1))
    if splits and (progress or len(batch) > 1):
        if not progress:
            retry.ends.append(places[sequence_number(batch[len(batch) // 2])])
            retry.failures = retry.waits = 0
        return
    retry.failures += 1
    if 0 <= limit < retry.failures:
        discard(mapping, function, batch, "RetryAttemptsExhausted")
        advance(mapping, end)
    elif not progress:
        wait(mapping)


def wait(mapping: dict) -> None:
    retry = retries[mapping["UUID"]]
    retry.due = time.time() + min(FIRST_RETRY_SECONDS * 2**retry.waits, MAX_RETRY_SECONDS)
    retry.waits += 1


def advance(mapping: dict, position: int) -> None:
    retry = retries[mapping["UUID"]]
    retry.failures, retry.waits, retry.due = 0, 0, 0.0
    with lambda_svc._dynamodb_stream_positions_lock:
        # A mapping deleted meanwhile has none.
        if mapping["UUID"] in lambda_svc._dynamodb_stream_positions:
            lambda_svc._dynamodb_stream_positions[mapping["UUID"]] = position


def discard(mapping: dict, function: dict, batch: list[dict], condition: str) -> None:
    target = ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    if target:
        config = function["config"]
        record = destinations.batch_record(mapping, batch, condition, retries[mapping["UUID"]].failures, config)
        destinations.send(target, record, config)


def first_unfinished(mapping: dict, batch: list[dict], result: dict) -> int | None:
    """The place of the first record that is not done; none if all are. A report that names no record of the batch means all."""
    if result.get("error"):
        return 0
    if "ReportBatchItemFailures" not in (mapping.get("FunctionResponseTypes") or []):
        return None
    body = result.get("body")
    answer = json.loads(body or "null") if isinstance(body, str) else body
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    names = [failure.get("itemIdentifier") if isinstance(failure, dict) else None for failure in failures or []]
    places = {sequence_number(record): place for place, record in enumerate(batch)}
    return min((places.get(name, 0) for name in names), default=None)


def too_old(record: dict, mapping: dict) -> bool:
    limit = int(mapping.get("MaximumRecordAgeInSeconds", -1))
    return 0 < limit < time.time() - record["dynamodb"]["ApproximateCreationDateTime"]


def sequence_number(record: dict) -> str:
    return record["dynamodb"]["SequenceNumber"]
