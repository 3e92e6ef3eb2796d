"""Functions run as on AWS: what they see, how they fail, and what comes after."""

from __future__ import annotations

import json
import re

import pytest

from embedded_aws.bench import Bench, Marks, code, eventually, is_running

ECHO = """
import os

def handler(event, context):
    return {"event": event, "pid": os.getpid()}
"""


def test_answers_with_what_the_handler_returns_and_stays_warm(bench: Bench) -> None:
    function = bench.function(ECHO)
    first, second = bench.invoke(function, {"key": "ü"}), bench.invoke(function, [1])
    assert first.error is None
    assert first.payload["event"] == {"key": "ü"}
    assert second.payload["event"] == [1]
    assert second.payload["pid"] == first.payload["pid"]


def test_an_exception_is_an_answer_and_leaves_the_instance_warm(bench: Bench) -> None:
    function = bench.function(
        """
        import os

        def handler(event, context):
            raise LookupError(str(os.getpid()))
        """
    )
    first, second = bench.invoke(function), bench.invoke(function)
    assert first.error == "Unhandled"
    assert first.payload["errorType"] == "LookupError"
    assert "in handler" in first.payload["stackTrace"][0]
    assert second.payload["errorMessage"] == first.payload["errorMessage"]


def test_a_timeout_kills_all_that_runs_and_the_next_instance_is_fresh(
    bench: Bench, marks: Marks
) -> None:
    function = bench.function(
        Marks.PYTHON
        + """
import subprocess

def handler(event, context):
    if event == "sleep":
        child = subprocess.Popen(["sleep", "600"])
        mark(child=child.pid)
        time.sleep(600)
    return os.getpid()
""",
        timeout=1,
        environment={"MARKS": str(marks.path)},
    )
    before = bench.invoke(function).payload
    timed_out = bench.invoke(function, "sleep")
    assert timed_out.error == "Unhandled"
    assert timed_out.payload["errorType"] == "Sandbox.Timedout"
    assert re.fullmatch(
        r"RequestId: \S+ Error: Task timed out after 1.00 seconds",
        timed_out.payload["errorMessage"],
    )
    assert "Task timed out after 1.00 seconds" in timed_out.log
    (left,) = marks.all()
    assert left["pid"] == before
    eventually(lambda: not is_running(left["pid"]) and not is_running(left["child"]))
    assert bench.invoke(function).payload != before


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("os._exit(7)", "Runtime exited with error: exit status 7"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
    ],
)
def test_a_crash_is_an_answer_and_the_next_instance_is_fresh(
    bench: Bench, marks: Marks, statement: str, reason: str
) -> None:
    function = bench.function(
        Marks.PYTHON
        + f"""
import subprocess

def handler(event, context):
    if event == "crash":
        mark(child=subprocess.Popen(["sleep", "600"]).pid)
        {statement}
    return os.getpid()
""",
        environment={"MARKS": str(marks.path)},
    )
    before = bench.invoke(function).payload
    crashed = bench.invoke(function, "crash")
    assert crashed.error == "Unhandled"
    assert crashed.payload["errorType"] == "Runtime.ExitError"
    assert crashed.payload["errorMessage"].endswith(f" Error: {reason}")
    (left,) = marks.all()
    eventually(lambda: not is_running(left["child"]))
    assert bench.invoke(function).payload != before


@pytest.mark.parametrize(
    ("statement", "error_type"),
    [("raise RuntimeError('no')", "RuntimeError"), ("os._exit(3)", "Runtime.ExitError")],
)
def test_a_crash_in_init_is_an_answer_after_a_second_try(
    bench: Bench, marks: Marks, statement: str, error_type: str
) -> None:
    function = bench.function(
        Marks.PYTHON + f"mark()\n{statement}\n", environment={"MARKS": str(marks.path)}
    )
    crashed = bench.invoke(function)
    assert crashed.error == "Unhandled"
    assert crashed.payload["errorType"] == error_type
    assert len(marks) == 2
    assert "Phase: invoke\tStatus: error\nSTART RequestId: " in crashed.log
    assert bench.invoke(function).payload["errorType"] == error_type


def test_new_code_and_new_configuration_start_fresh_instances(bench: Bench) -> None:
    function = bench.function(ECHO)
    old = bench.invoke(function).payload["pid"]
    bench.lambdas.update_function_code(
        FunctionName=function, ZipFile=code("def handler(event, context): return 'new'")
    )
    assert bench.invoke(function).payload == "new"
    eventually(lambda: not is_running(old))

    other = bench.function(ECHO)
    old = bench.invoke(other).payload["pid"]
    bench.lambdas.update_function_configuration(FunctionName=other, MemorySize=256)
    assert bench.invoke(other).payload["pid"] != old
    eventually(lambda: not is_running(old))


def test_a_deleted_function_leaves_no_process(bench: Bench) -> None:
    function = bench.function(ECHO)
    pid = bench.invoke(function).payload["pid"]
    bench.lambdas.delete_function(FunctionName=function)
    eventually(lambda: not is_running(pid))
    with pytest.raises(bench.lambdas.exceptions.ResourceNotFoundException):
        bench.invoke(function)


def test_an_event_is_accepted_at_once_and_tried_three_times(bench: Bench, marks: Marks) -> None:
    gate = marks.path.with_name("gate")
    function = bench.function(
        Marks.PYTHON
        + """
def handler(event, context):
    while not os.path.exists(event["gate"]):
        time.sleep(0.01)
    mark(request=context.aws_request_id)
    raise RuntimeError("again")
""",
        environment={"MARKS": str(marks.path)},
    )
    accepted = bench.lambdas.invoke(
        FunctionName=function,
        InvocationType="Event",
        Payload=json.dumps({"gate": str(gate)}),
    )
    assert accepted["StatusCode"] == 202
    assert accepted["Payload"].read() == b""
    assert len(marks) == 0
    gate.touch()
    eventually(lambda: len(marks) == 3)


def test_an_event_that_succeeds_is_not_repeated(bench: Bench, marks: Marks) -> None:
    function = bench.function(
        Marks.PYTHON + "def handler(event, context):\n    mark()\n    return 'done'\n",
        environment={"MARKS": str(marks.path)},
    )
    bench.lambdas.invoke(FunctionName=function, InvocationType="Event")
    eventually(lambda: len(marks) == 1)
    # Later than any retry, which would be at once.
    bench.invoke(function)
    bench.invoke(function)
    assert len(marks) == 3


def test_a_dry_run_runs_nothing(bench: Bench, marks: Marks) -> None:
    function = bench.function(
        Marks.PYTHON + "mark()\ndef handler(event, context):\n    mark()\n",
        environment={"MARKS": str(marks.path)},
    )
    answer = bench.lambdas.invoke(FunctionName=function, InvocationType="DryRun")
    assert answer["StatusCode"] == 204
    assert len(marks) == 0


def test_initialization_does_not_count_towards_the_timeout(bench: Bench) -> None:
    function = bench.function(
        """
        import time

        time.sleep(1.5)

        def handler(event, context):
            return "in time"
        """,
        timeout=1,
    )
    assert bench.invoke(function).payload == "in time"
