"""AWS Lambda: event source mappings of DynamoDB streams."""

import functools
import json
import threading

from ministack.services import lambda_svc

# The batch that the polling thread is about to deliver: the mapping, and its stream records.
turn = threading.local()


def apply() -> None:
    retry_from_the_first_reported_record()


def retry_from_the_first_reported_record() -> None:
    """A mapping moves on behind a batch of which the function has reported records (`ReportBatchItemFailures`): they are lost.

    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    """
    filter_records = lambda_svc._apply_filter_criteria
    execute = lambda_svc._execute_function
    all_mappings = lambda_svc._iter_all_esms

    @functools.wraps(filter_records)
    def apply_filter_criteria(records, mapping):
        if ":dynamodb:" in mapping.get("EventSourceArn", ""):
            turn.batch = mapping, records
        return filter_records(records, mapping)

    @functools.wraps(execute)
    def execute_function(function, event):
        # Taken before the call, which passes through here again to run in the function's own
        # account.
        batch, turn.batch = getattr(turn, "batch", None), None
        result = execute(function, event)
        if batch is None or result.get("error"):
            return result
        mapping, records = batch
        if "ReportBatchItemFailures" not in (mapping.get("FunctionResponseTypes") or []):
            return result
        first = first_reported(result.get("body"), records)
        if first == 0:
            # No record was processed: same as a failed function.
            return result | {"error": True}
        turn.unfinished = len(records) - first
        return result

    @functools.wraps(all_mappings)
    def iter_all_mappings():
        for account, region, mapping in all_mappings():
            turn.unfinished = 0
            yield account, region, mapping
            # The mapping's poll is done, and its position is behind the whole batch.
            if turn.unfinished:
                positions = lambda_svc._dynamodb_stream_positions
                with lambda_svc._dynamodb_stream_positions_lock:
                    position = positions.get_scoped(account, region, mapping["UUID"])
                    positions.set_scoped(account, region, mapping["UUID"], position - turn.unfinished)

    lambda_svc._apply_filter_criteria = apply_filter_criteria
    lambda_svc._execute_function = execute_function
    lambda_svc._iter_all_esms = iter_all_mappings


def first_reported(body, records: list[dict]) -> int:
    """The place of the first record that comes again; behind the last if all are done. A name that no record has names all."""
    answer = json.loads(body or "null") if isinstance(body, str) else body
    failures = answer.get("batchItemFailures") or [] if isinstance(answer, dict) else []
    places = {record["dynamodb"]["SequenceNumber"]: place for place, record in enumerate(records)}
    return min((places.get(failure.get("itemIdentifier"), 0) for failure in failures), default=len(records))
