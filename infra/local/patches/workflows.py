"""Step Functions."""

import contextvars
import functools
import hashlib
import json
import logging
import math
import random
import threading
import time

from ministack import app
from ministack.core import iam_actions
from ministack.core.responses import set_request_account_id, set_request_region
from ministack.services import stepfunctions
from ministack.services.cloudformation import provisioners

logger = logging.getLogger("workflows")
TaskError = stepfunctions._ExecutionError

# Keyed by hash, as many executions share one. On AWS an execution keeps the definition that it
# started with.
DEFINITIONS: dict[str, str] = {}

# Without a limit, each execution of a burst would start a process for each function that it
# invokes.
CALLS_AT_ONCE = 16


def apply() -> None:
    go_on_where_they_were()
    hand_over_errors_of_called_functions()
    take_turns_to_call_functions()
    name_throttles()
    start_once_by_name()
    delete_executions_with_their_workflow()
    answer_once()
    know_tasks_by_their_workflow()
    wake_stopped_executions()
    spread_retries()
    let_runtime_errors_end_all()
    save_progress()


def go_on_where_they_were() -> None:
    """An execution is a thread that knows alone where it is: a restart fails it, and so does the first 150 ms of sleep slow it."""
    stepfunctions._run_execution = run


class Stopped(Exception):
    """The execution was ended from outside."""


def run(arn: str) -> None:
    execution = stepfunctions._executions.get(arn)
    if execution is None:
        return
    try:
        if "progress" not in execution:
            begin(execution)
        output = json.dumps(walk(execution))
        execution["output"] = output
        end(execution, "SUCCEEDED")
        stepfunctions._add_event(execution, "ExecutionSucceeded", {"executionSucceededEventDetails": {"output": output}})
        stepfunctions._emit_execution_status_event(execution)
    except Stopped:
        execution.pop("progress", None)
    except TaskError as error:
        execution.pop("progress", None)
        if execution["status"] == "RUNNING":
            stepfunctions._fail_execution(execution, error.error, error.cause)
    except Exception as error:
        logger.exception("execution %s", arn)
        execution.pop("progress", None)
        stepfunctions._fail_execution(execution, "States.Runtime", str(error))


def begin(execution: dict) -> None:
    machine = stepfunctions._state_machines.get(execution["stateMachineArn"])
    if machine is None:
        raise TaskError("StateMachineDeleted", "State machine no longer exists")
    definition = machine["definition"]
    key = hashlib.sha256(definition.encode()).hexdigest()
    DEFINITIONS[key] = definition
    execution["progress"] = {
        "definition": key, "machine": machine["name"], "state": json.loads(definition)["StartAt"],
        "input": json.loads(execution["input"]), "variables": {}, "task": {},
    }


def end(execution: dict, status: str) -> None:
    execution["stopDate"] = stepfunctions.now_iso()
    execution["status"] = status
    execution.pop("progress", None)


def walk(execution: dict):
    """Runs state by state, and returns what the last one gives. Progress is replaced as a whole, for a snapshot to see either."""
    progress = execution["progress"]
    definition = json.loads(DEFINITIONS[progress["definition"]])
    context = {
        "QueryLanguage": definition.get("QueryLanguage", "JSONPath"),
        "Execution": {
            "Id": execution["executionArn"], "Input": json.loads(execution["input"]),
            "Name": execution["name"], "StartTime": execution["startDate"],
        },
        "StateMachine": {"Id": execution["stateMachineArn"], "Name": progress["machine"]},
    }
    while progress["state"] is not None:
        if execution["status"] != "RUNNING":
            raise Stopped
        context["variables"] = dict(progress["variables"])
        state = definition["States"].get(progress["state"])
        if state is None:
            raise TaskError("States.Runtime", f"State '{progress['state']}' not found in definition")
        output, following = step(state, progress, execution, context)
        if execution["status"] != "RUNNING":
            raise Stopped
        stepfunctions._add_event(execution, f"{state['Type']}StateExited", {
            "stateExitedEventDetails": {"name": progress["state"], "output": json.dumps(output)},
        })
        progress = {
            "definition": progress["definition"], "machine": progress["machine"], "state": following,
            "input": output, "variables": context["variables"], "task": {},
        }
        execution["progress"] = progress
    return progress["input"]


def step(state: dict, progress: dict, execution: dict, context: dict):
    kind, data = state.get("Type"), progress["input"]
    # A state interrupted by a restart was entered before it.
    if "entered" not in progress:
        progress["entered"] = stepfunctions.now_iso()
        stepfunctions._add_event(execution, f"{kind}StateEntered", {
            "stateEnteredEventDetails": {"name": progress["state"], "input": json.dumps(data)},
        })
    context["State"] = {"Name": progress["state"], "EnteredTime": progress["entered"], "RetryCount": 0}
    if kind == "Succeed":
        return succeed(state, data, context), None
    if kind == "Fail":
        raise TaskError(*stepfunctions._fail_state_error(state, data, context))
    if kind == "Wait":
        return wait(state, data, progress, context)
    if kind in ("Pass", "Choice"):
        handler = stepfunctions._execute_pass if kind == "Pass" else stepfunctions._execute_choice
        return handler(state, data, context)
    handlers = {
        "Task": stepfunctions._execute_task, "Parallel": stepfunctions._execute_parallel, "Map": stepfunctions._execute_map,
    }
    if kind not in handlers:
        raise TaskError("States.Runtime", f"Unknown state type: {kind}")
    return handlers[kind](state, data, execution, context)


def succeed(state: dict, data, context: dict):
    if stepfunctions._state_query_language(state, context) == "JSONata":
        return stepfunctions._apply_jsonata_output(state, data, context, default=data)
    return stepfunctions._apply_output_path(state, stepfunctions._apply_input_path(state, data, context), context)


def wait(state: dict, data, progress: dict, context: dict):
    """After a restart a wait of some seconds is over when it would have been over."""
    if not isinstance(state.get("Seconds"), int):
        return stepfunctions._execute_wait(state, data, context)
    until = progress.setdefault("until", time.time() + state["Seconds"])
    return stepfunctions._execute_wait({**state, "Seconds": max(0, math.ceil(until - time.time()))}, data, context)


def hand_over_errors_of_called_functions() -> None:
    """A function that should pass its task token on and fails leaves the task waiting; and each attempt needs a token of its own."""
    original = stepfunctions._execute_task

    @functools.wraps(original)
    def execute_task(state, data, execution, context):
        if ".waitForTaskToken" not in state.get("Resource", ""):
            return original(state, data, execution, context)
        progress = execution.get("progress", {})
        # State names are unique in a definition, so a state inside a Map or Parallel state is not
        # mistaken for it.
        alone = progress.get("state") == context["State"]["Name"]
        return call_and_wait(state, data, execution, context, progress["task"] if alone else {})

    stepfunctions._execute_task = execute_task


def call_and_wait(state: dict, data, execution: dict, context: dict, task: dict):
    retries = {int(index): count for index, count in task.get("retries", {}).items()}
    while True:
        context["State"]["RetryCount"] = sum(retries.values())
        try:
            result = attempt(state, data, execution, context, task)
            return finish(state, data, context, result)
        except TaskError as error:
            stepfunctions._add_event(execution, "TaskFailed", {
                "taskFailedEventDetails": {"error": error.error, "cause": error.cause, "resource": state["Resource"]},
            })
            retrier, index = stepfunctions._find_matching_retrier(state.get("Retry", []), error.error, retries)
            if retrier is None:
                return catch(state, data, context, error)
            stepfunctions._scaled_sleep(retrier["IntervalSeconds"])
            retries[index] = retries.get(index, 0) + 1
            task["retries"] = {str(index): count for index, count in retries.items()}


def attempt(state: dict, data, execution: dict, context: dict, task: dict):
    """Calls once, and waits. After a restart only what is missing of that is done, with the token that is out there."""
    if "token" not in task:
        task["deadline"] = time.time() + timeout_of(state, data, context)
        task["token"] = stepfunctions.new_uuid()
    token = task["token"]
    info = register(token)
    info["workflow"] = execution["stateMachineArn"]
    context["Task"] = {"Token": token}
    try:
        if "sent" not in task:
            stepfunctions._add_event(execution, "TaskScheduled", {
                "taskScheduledEventDetails": {
                    "resourceType": "lambda" if "lambda" in state["Resource"] else "states", "resource": state["Resource"],
                },
            })
            call(state, data, context)
            task["sent"] = True
        answered = info["event"].wait(max(0, task["deadline"] - time.time()))
        if execution["status"] != "RUNNING":
            raise Stopped
        if not answered:
            raise TaskError("States.Timeout", "Task timed out waiting for callback")
        if info.get("error"):
            raise TaskError(info["error"]["Error"], info["error"]["Cause"])
        result = json.loads(info["result"])
        stepfunctions._add_event(execution, "TaskSucceeded", {
            "taskSucceededEventDetails": {"output": json.dumps(result), "resource": state["Resource"]},
        })
        return result
    finally:
        for key in ("token", "sent", "deadline"):
            task.pop(key, None)
        stepfunctions._task_tokens.pop(token, None)


def register(token: str) -> dict:
    fresh = {"event": threading.Event(), "result": None, "error": None, "heartbeat": None}
    return stepfunctions._task_tokens.setdefault(token, fresh)


def timeout_of(state: dict, data, context: dict) -> float:
    if isinstance(state.get("TimeoutSeconds"), str):
        return stepfunctions._jsonata_state_field(state, "TimeoutSeconds", "number", data, context)
    if "TimeoutSecondsPath" in state:
        return stepfunctions._resolve_path_or_ctx(state["TimeoutSecondsPath"], data, context)
    return state.get("TimeoutSeconds", 99_999_999)


def call(state: dict, data, context: dict) -> None:
    if stepfunctions._state_query_language(state, context) == "JSONata":
        arguments = stepfunctions._apply_jsonata_arguments(state, data, context)
    else:
        selected = stepfunctions._apply_input_path(state, data, context)
        arguments = stepfunctions._apply_parameters(state, selected, context)
    stepfunctions._invoke_resource(state["Resource"].replace(".waitForTaskToken", ""), arguments)


def finish(state: dict, data, context: dict, result):
    if stepfunctions._state_query_language(state, context) == "JSONata":
        output = stepfunctions._apply_jsonata_output(state, data, context, result=result, default=result)
        stepfunctions._apply_state_assign(state, data, context, result=result)
    else:
        output = stepfunctions._apply_result_path(state, data, stepfunctions._apply_result_selector(state, result))
        output = stepfunctions._apply_output_path(state, output, context)
    return output, stepfunctions._next_or_end(state)


def catch(state: dict, data, context: dict, error: TaskError):
    catcher = stepfunctions._find_matching_catcher(state.get("Catch", []), error.error)
    if catcher is None:
        raise error
    language = stepfunctions._state_query_language(state, context)
    output = stepfunctions._apply_catcher(catcher, data, context, language, {"Error": error.error, "Cause": error.cause})
    return output, catcher["Next"]


def take_turns_to_call_functions() -> None:
    """All executions call at once, and a hundred functions begin at once on a machine that has a few cores."""
    original = stepfunctions._call_lambda
    turns = threading.BoundedSemaphore(CALLS_AT_ONCE)

    @functools.wraps(original)
    def call_lambda(function, event):
        with turns:
            return original(function, event)

    stepfunctions._call_lambda = call_lambda


def name_throttles() -> None:
    """A function that has no instance to spare fails without an error's name, by which it would be called again."""
    original = stepfunctions._call_lambda

    @functools.wraps(original)
    def call_lambda(function, event):
        try:
            return original(function, event)
        except TaskError as error:
            if error.error == "Lambda.Unknown" and "TooManyRequestsException" in error.cause:
                raise TaskError("Lambda.TooManyRequestsException", error.cause) from error
            raise

    stepfunctions._call_lambda = call_lambda


def start_once_by_name() -> None:
    """A second start with the name and input of a running execution is the first one again, not an error."""
    original = stepfunctions._start_execution

    @functools.wraps(original)
    def start_execution(data):
        machine = stepfunctions._state_machines.get(stepfunctions._resolve_state_machine_arn(data.get("stateMachineArn", "")))
        if machine is not None and "name" in data:
            prefix = machine["stateMachineArn"].replace(":stateMachine:", ":execution:")
            running = stepfunctions._executions.get(f"{prefix}:{data['name']}")
            if running and running["status"] == "RUNNING" and running["input"] == data.get("input", "{}"):
                return stepfunctions.json_response(
                    {"executionArn": running["executionArn"], "startDate": running["startDate"]}
                )
        return original(data)

    stepfunctions._start_execution = start_execution


def delete_executions_with_their_workflow() -> None:
    """CloudFormation keeps the executions of a workflow that it deletes, and so their names are taken when the stack is created
    again: the workflow has the same name then. On AWS it has another one.
    """

    def delete(arn, _properties):
        stepfunctions._delete_state_machine({"stateMachineArn": arn})

    provisioners._RESOURCE_HANDLERS["AWS::StepFunctions::StateMachine"]["delete"] = delete


def answer_once() -> None:
    """The first answer to a task counts; any later one gets the error that the task no longer waits."""

    def late(data):
        info = stepfunctions._task_tokens.get(data.get("taskToken"))
        if info is None or info["event"].is_set():
            return stepfunctions.error_response_json("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'", 400)
        return None

    def first(original):
        @functools.wraps(original)
        def answer(data):
            return late(data) or original(data)

        return answer

    for name in ("_send_task_success", "_send_task_failure", "_send_task_heartbeat"):
        setattr(stepfunctions, name, first(getattr(stepfunctions, name)))


def know_tasks_by_their_workflow() -> None:
    """To policies an answer to a task is about nothing; on AWS it is about the workflow whose task it is."""
    original = iam_actions.extract_resource_arn

    @functools.wraps(original)
    def resource_arn(service, method, path, headers, body, *rest):
        arn = original(service, method, path, headers, body, *rest)
        if service != "states" or arn != "*":
            return arn
        try:
            token = json.loads(body).get("taskToken")
        except (ValueError, AttributeError):
            return arn
        if token is None:
            return arn
        info = stepfunctions._task_tokens.get(token) or {}
        # A task that no longer waits has no known workflow. Any workflow will do, as the response
        # is a timeout.
        return info.get("workflow") or next(iter(stepfunctions._state_machines), arn)

    iam_actions.extract_resource_arn = resource_arn


def wake_stopped_executions() -> None:
    """A stopped execution goes on waiting for its task, and then turns from stopped to failed."""
    original = stepfunctions._stop_execution

    @functools.wraps(original)
    def stop_execution(data):
        response = original(data)
        execution = stepfunctions._executions.get(data.get("executionArn"), {})
        token = execution.get("progress", {}).get("task", {}).get("token")
        info = stepfunctions._task_tokens.pop(token, None)
        if response[0] == 200 and info is not None:
            info["event"].set()
        return response

    stepfunctions._stop_execution = stop_execution


def spread_retries() -> None:
    """Retries know neither a longest delay nor jitter."""
    original = stepfunctions._find_matching_retrier

    @functools.wraps(original)
    def find_matching_retrier(retriers, error, counts):
        retrier, index = original(retriers, error, counts)
        if retrier is None:
            return retrier, index
        delay = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** counts.get(index, 0)
        delay = min(delay, retrier.get("MaxDelaySeconds", delay))
        if retrier.get("JitterStrategy") == "FULL":
            delay = random.uniform(0, delay)
        return {**retrier, "IntervalSeconds": delay, "BackoffRate": 1.0}, index

    stepfunctions._find_matching_retrier = find_matching_retrier


def let_runtime_errors_end_all() -> None:
    """`States.ALL` does not match what only another definition can fix."""
    original = stepfunctions._error_matches

    @functools.wraps(original)
    def error_matches(names, error):
        if error in ("States.Runtime", "States.DataLimitExceeded") and error not in names:
            return False
        return original(names, error)

    stepfunctions._error_matches = error_matches


def save_progress() -> None:
    """What waits must still be there after a restart, and an answer that came just before it must not be lost."""
    get_state = stepfunctions.get_state
    load_module = stepfunctions.load_persisted_state
    load_all = app._load_persisted_state

    @functools.wraps(get_state)
    def get_state_with_progress():
        executions = stepfunctions._executions.all_values()
        used = {execution["progress"]["definition"] for execution in executions if "progress" in execution}
        answers = {
            token: {"result": info["result"], "error": info["error"]}
            for (_, _, token), info in stepfunctions._task_tokens.all_items()
            if info["event"].is_set()
        }
        return get_state() | {"definitions": {key: DEFINITIONS[key] for key in used}, "answers": answers}

    answers: dict[str, dict] = {}

    @functools.wraps(load_module)
    def load_with_progress(data):
        load_module(data)
        DEFINITIONS.update(data.get("definitions", {}))
        answers.update(data.get("answers", {}))

    @functools.wraps(load_all)
    def load_all_and_go_on():
        load_all()
        # The functions that an execution invokes exist only now. No request is served yet, so no
        # token is lost.
        for (account, region, arn), execution in stepfunctions._executions.all_items():
            if execution.get("error") == "States.ServiceRestart" and not execution.get("sync"):
                contextvars.copy_context().run(go_on, account, region, arn, execution, answers)

    stepfunctions.get_state = get_state_with_progress
    stepfunctions.load_persisted_state = load_with_progress
    app._load_persisted_state = load_all_and_go_on


def go_on(account: str, region: str, arn: str, execution: dict, answers: dict[str, dict]) -> None:
    execution |= {"status": "RUNNING", "stopDate": None}
    del execution["error"], execution["cause"]
    set_request_account_id(account)
    set_request_region(region)
    token = execution.get("progress", {}).get("task", {}).get("token")
    if token is not None:
        info = register(token)
        if token in answers:
            info |= answers[token]
            info["event"].set()
    threading.Thread(target=contextvars.copy_context().run, args=(run, arn), daemon=True).start()
