"""Functions run as on AWS: what they see, how they fail, and what comes after."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from threading import Thread

import pytest
from botocore.exceptions import ClientError

from aws_names import REGION
from embedded_aws.bench import RUNTIME, Bench, Marks, code, eventually, zipped
from local_aws import LocalAws

ECHO = """
import os

def handler(event, context):
    return {"event": event, "pid": os.getpid()}
"""

DOCUMENTED = {
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_FORMAT",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_XRAY_CONTEXT_MISSING",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "LANG",
    "LD_LIBRARY_PATH",
    "PATH",
    "PYTHONPATH",
    "TZ",
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
}


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    """The code and the message of an API's error."""
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_answers_with_what_the_handler_returns_and_stays_warm(bench: Bench) -> None:
    function = bench.function(ECHO)
    first, second = bench.invoke(function, {"key": "ü"}), bench.invoke(function, [1])
    assert first.error is None
    assert first.payload["event"] == {"key": "ü"}
    assert second.payload["event"] == [1]
    assert second.payload["pid"] == first.payload["pid"]


def test_the_context_tells_of_the_function_and_of_the_time_left(bench: Bench) -> None:
    function = bench.function(
        """
        def handler(event, context):
            return {
                "name": context.function_name,
                "arn": context.invoked_function_arn,
                "memory": context.memory_limit_in_mb,
                "left": context.get_remaining_time_in_millis(),
            }
        """,
        timeout=20,
        MemorySize=640,
    )
    context = bench.invoke(function).payload
    assert context["name"] == function
    assert context["arn"] == f"arn:aws:lambda:{REGION}:123456789012:function:{function}"
    assert context["memory"] == "640"
    assert 0 < context["left"] <= 20_000


def test_the_environment_is_lambdas_and_the_functions_own(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_HOST", "do not tell")
    function = bench.function(
        """
        import os

        def handler(event, context):
            return dict(os.environ)
        """,
        environment={"OWN": "value"},
        LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "WARN"},
    )
    seen = bench.invoke(function).payload
    # Python itself adds LC_CTYPE where the host lacks Lambda's locale.
    ours = {"AWS_ENDPOINT_URL", "HOME", "TMPDIR", "LC_CTYPE", "AWS_LAMBDA_LOG_LEVEL", "OWN"}
    assert set(seen) - ours == DOCUMENTED
    assert seen["OWN"] == "value"
    assert seen["AWS_REGION"] == REGION
    assert seen["AWS_ENDPOINT_URL"] == bench.endpoint
    assert (seen["AWS_LAMBDA_LOG_FORMAT"], seen["AWS_LAMBDA_LOG_LEVEL"]) == ("JSON", "WARN")
    assert seen["HOME"] != os.environ.get("HOME")


def test_calls_the_embedded_aws_by_itself(bench: Bench) -> None:
    function = bench.function(
        """
        import boto3

        def handler(event, context):
            return boto3.client("sqs").create_queue(QueueName="made-inside")["QueueUrl"]
        """
    )
    assert bench.invoke(function).payload == f"{bench.endpoint}/123456789012/made-inside"


def test_a_variable_that_is_missing_fails_it_until_it_is_set(bench: Bench) -> None:
    function = bench.function(
        """
        import os

        TABLE = os.environ["TABLE"]

        def handler(event, context):
            return TABLE
        """
    )
    failed = bench.invoke(function)
    assert failed.error == "Unhandled"
    assert failed.payload["errorType"] == "KeyError"
    bench.lambdas.update_function_configuration(
        FunctionName=function, Environment={"Variables": {"TABLE": "media"}}
    )
    assert bench.invoke(function).payload == "media"


@pytest.mark.parametrize("length", [4096, 4097])
def test_an_environment_over_4_kb_is_refused(bench: Bench, length: int) -> None:
    value = "x" * (length - len('{"A":""}'))
    if length <= 4096:
        bench.function(ECHO, environment={"A": value})
        return
    with pytest.raises(ClientError) as error:
        bench.function(ECHO, environment={"A": value})
    assert refusal(error)[0] == "InvalidParameterValueException"
    assert "exceeded the 4KB limit" in refusal(error)[1]


def test_a_reserved_variable_is_refused_also_later(bench: Bench) -> None:
    with pytest.raises(ClientError, match="Reserved keys used in this request: AWS_REGION"):
        bench.function(ECHO, environment={"AWS_REGION": REGION, "OWN": ""})
    function = bench.function(ECHO)
    with pytest.raises(ClientError, match="Reserved keys used in this request: TZ, _HANDLER"):
        bench.lambdas.update_function_configuration(
            FunctionName=function, Environment={"Variables": {"_HANDLER": "a.b", "TZ": "UTC"}}
        )


def test_what_the_zip_lacks_is_not_found_in_the_virtual_environment(bench: Bench) -> None:
    import PIL  # noqa: F401 - it is at hand here

    missing = bench.invoke(bench.function("import PIL"))
    assert missing.error == "Unhandled"
    assert missing.payload["errorType"] == "Runtime.ImportModuleError"
    assert missing.payload["errorMessage"] == (
        "Unable to import module 'app': No module named 'PIL'"
    )


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


def test_layers_are_on_the_path_of_programs_and_of_python(bench: Bench) -> None:
    def layer(files: dict[str, str]) -> str:
        published = bench.lambdas.publish_layer_version(
            LayerName=bench.name("layer"), Content={"ZipFile": zipped(files, mode=0o755)}
        )
        return published["LayerVersionArn"]

    tool = layer({"bin/greet": "#!/bin/sh\necho hello\n", "python/shared.py": "FROM = 1\n"})
    over = layer({"python/shared.py": "FROM = 2\n"})
    function = bench.function(
        """
        import subprocess
        import shared

        def handler(event, context):
            said = subprocess.run(["greet"], capture_output=True, text=True, check=True).stdout
            return [said, shared.FROM]
        """,
        Layers=[tool, over],
    )
    assert bench.invoke(function).payload == ["hello\n", 2]


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


def test_invocations_at_once_have_instances_and_folders_of_their_own(
    bench: Bench, marks: Marks
) -> None:
    function = bench.function(
        Marks.PYTHON
        + """
import tempfile

def handler(event, context):
    folder = tempfile.gettempdir()
    empty = not os.listdir(folder)
    open(os.path.join(folder, "work"), "w").close()
    mark(folder=folder, empty=empty)
    while len(open(os.environ["MARKS"]).readlines()) < 2:
        time.sleep(0.01)
""",
        environment={"MARKS": str(marks.path)},
    )
    callers = [Thread(target=bench.invoke, args=(function,)) for _ in range(2)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    one, other = marks.all()
    assert one["pid"] != other["pid"]
    assert one["folder"] != other["folder"]
    assert one["empty"]
    assert other["empty"]


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


def test_a_payload_that_is_not_json_is_refused(bench: Bench) -> None:
    function = bench.function(ECHO)
    with pytest.raises(bench.lambdas.exceptions.InvalidRequestContentException):
        bench.lambdas.invoke(FunctionName=function, Payload=b"{not json")


def test_a_function_for_another_python_says_so(bench: Bench) -> None:
    answer = bench.invoke(bench.function(ECHO, Runtime="nodejs22.x"))
    assert answer.error == "Unhandled"
    assert RUNTIME in answer.payload["errorMessage"]
    assert "nodejs22.x" in answer.payload["errorMessage"]


def test_the_log_is_a_file_with_what_was_printed(aws: LocalAws, bench: Bench) -> None:
    function = bench.function(
        """
        import os, subprocess, sys

        def handler(event, context):
            print("printed", flush=True)
            print("complained", file=sys.stderr)
            subprocess.run(["sh", "-c", "echo from a program"])
        """
    )
    tail = bench.invoke(function).log
    lines = tail.splitlines()
    assert lines[0].startswith("START RequestId: ")
    assert lines[1:4] == ["printed", "complained", "from a program"]
    assert lines[4].startswith("END RequestId: ")
    assert lines[5].startswith("REPORT RequestId: ")
    assert aws.log_file(function).read_text().endswith(tail)


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
