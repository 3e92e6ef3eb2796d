"""What a function finds around it: Lambda's variables, its zip, its layers, and no more."""

from __future__ import annotations

import os
from threading import Thread

import pytest

from aws_names import REGION
from embedded_aws.bench import RUNTIME, Bench, Marks, zipped
from local_aws import LocalAws

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


def test_calls_the_embedded_aws_by_itself(bench: Bench) -> None:
    function = bench.function(
        """
        import boto3

        def handler(event, context):
            return boto3.client("sqs").create_queue(QueueName="made-inside")["QueueUrl"]
        """
    )
    assert bench.invoke(function).payload == f"{bench.endpoint}/123456789012/made-inside"


def test_what_the_zip_lacks_is_not_found_in_the_virtual_environment(bench: Bench) -> None:
    import PIL  # noqa: F401 - it is at hand here

    missing = bench.invoke(bench.function("import PIL"))
    assert missing.error == "Unhandled"
    assert missing.payload["errorType"] == "Runtime.ImportModuleError"
    assert missing.payload["errorMessage"] == (
        "Unable to import module 'app': No module named 'PIL'"
    )


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


def test_a_function_for_another_python_says_so(bench: Bench) -> None:
    answer = bench.invoke(bench.function("", Runtime="nodejs22.x"))
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
