"""The embedded AWS begins with a sentence if it cannot, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from embedded_aws.bench import Bench, Marks, eventually, is_running
from local_aws import LocalAws, LocalAwsError, LocalAwsProcess

SEARCHING_HERE = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

BUSY = (
    Marks.PYTHON
    + """
import subprocess

def handler(event, context):
    child = subprocess.Popen(["sleep", "600"])
    mark(child=child.pid)
    if event == "stay":
        time.sleep(600)
"""
)


def descendants(pid: int) -> set[int]:
    """The process `pid` and all that it and its children started."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def busy(endpoint: str, marks: Marks) -> None:
    """Have one instance idle with a child of its own, and another at work."""
    bench = Bench(endpoint)
    function = bench.function(BUSY, timeout=600, environment={"MARKS": str(marks.path)})
    bench.invoke(function)
    bench.lambdas.invoke(FunctionName=function, InvocationType="Event", Payload=b'"stay"')
    other = bench.function(BUSY, timeout=600, environment={"MARKS": str(marks.path)})
    bench.invoke(other)
    eventually(lambda: len(marks) == 3)


def test_killing_it_leaves_no_process(tmp_path: Path, marks: Marks) -> None:
    with LocalAwsProcess(tmp_path / "aws") as aws:
        busy(aws.endpoint, marks)
        started = descendants(aws.pid) | {mark["child"] for mark in marks.all()}
        assert len(started) >= 7, "the server, its reaper, two instances, three children"
        os.kill(aws.pid, signal.SIGKILL)
        eventually(lambda: not any(is_running(pid) for pid in started))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ending_it_leaves_no_process(tmp_path: Path, marks: Marks, number: signal.Signals) -> None:
    with LocalAwsProcess(tmp_path / "aws") as aws:
        busy(aws.endpoint, marks)
        started = descendants(aws.pid) | {mark["child"] for mark in marks.all()}
        os.kill(aws.pid, number)
        eventually(lambda: not any(is_running(pid) for pid in started))


def test_stopping_it_in_process_leaves_no_process(tmp_path: Path, marks: Marks) -> None:
    before = descendants(os.getpid())
    with LocalAws(tmp_path / "aws") as aws:
        busy(aws.endpoint, marks)
    assert not any(is_running(mark["pid"]) or is_running(mark["child"]) for mark in marks.all())
    assert descendants(os.getpid()) == before
    aws.stop()


def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from local_aws import LocalAwsProcess\n"
        "aws = LocalAwsProcess(Path(sys.argv[1])); print(aws.pid, flush=True)\n"
        "time.sleep(600)"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "aws")],
        env=SEARCHING_HERE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        assert is_running(pid)
        starter.kill()
        eventually(lambda: not is_running(pid))


def test_it_can_outlive_the_process_that_started_it(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from local_aws import LocalAwsProcess\n"
        "aws = LocalAwsProcess(Path(sys.argv[1]), outlives=True)\n"
        "print(aws.pid, aws.endpoint, flush=True); os._exit(0)"
    )
    started = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "aws")],
        env=SEARCHING_HERE,
        capture_output=True,
        text=True,
        check=True,
    )
    pid, endpoint = started.stdout.split()
    try:
        assert Bench(endpoint).s3.list_buckets()["Buckets"] == []
        assert (tmp_path / "aws/lock").read_text() == pid
    finally:
        os.kill(int(pid), signal.SIGTERM)
    eventually(lambda: not is_running(int(pid)))


def test_what_a_killed_run_left_is_no_obstacle(tmp_path: Path, marks: Marks) -> None:
    folder = tmp_path / "aws"
    with LocalAwsProcess(folder) as killed:
        busy(killed.endpoint, marks)
        os.kill(killed.pid, signal.SIGKILL)
    with LocalAwsProcess(folder) as aws:
        bench = Bench(aws.endpoint)
        function = bench.function("def handler(event, context): return 'fresh'")
        assert bench.invoke(function).payload == "fresh"
        assert len(list((folder / "instances").iterdir())) == 1


def test_it_begins_empty_each_time(tmp_path: Path) -> None:
    for _ in range(2):
        with LocalAws(tmp_path / "aws") as aws:
            bench = Bench(aws.endpoint)
            assert "QueueUrls" not in bench.sqs.list_queues()
            bench.queue()


def test_one_folder_serves_one_at_a_time(tmp_path: Path) -> None:
    with LocalAwsProcess(tmp_path) as aws, pytest.raises(LocalAwsError) as error:
        LocalAwsProcess(tmp_path)
    assert str(error.value) == (
        f"Another embedded AWS, process {aws.pid}, is running in {tmp_path}: "
        "stop it, or use another folder."
    )


def test_one_process_holds_one_at_a_time(tmp_path: Path) -> None:
    with LocalAws(tmp_path / "one"), pytest.raises(LocalAwsError, match="in this process already"):
        LocalAws(tmp_path / "other")
    with LocalAws(tmp_path / "other") as aws:
        urlopen(aws.endpoint).close()  # noqa: S310


def start(folder: Path, port: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local_aws", "--folder", str(folder), "--port", str(port)],
        env=SEARCHING_HERE,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        started = start(tmp_path, port)
    assert (started.returncode, started.stdout) == (1, "")
    assert started.stderr == (
        f"The embedded AWS cannot listen on 127.0.0.1, port {port}: Address already in use. "
        "Free that port, or name another one.\n"
    )


def test_a_port_that_does_not_exist_is_one_sentence(tmp_path: Path) -> None:
    started = start(tmp_path, 70000)
    assert (started.returncode, started.stdout) == (1, "")
    assert started.stderr.startswith("The embedded AWS cannot listen on 127.0.0.1, port 70000: ")
    assert started.stderr.count("\n") == 1
