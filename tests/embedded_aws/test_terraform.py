"""What the real provider applies runs, and a second plan finds it as it was written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import terraform
from embedded_aws.bench import RUNTIME, Bench, Marks, code, eventually, zipped
from local_aws import LocalAws

FUNCTION = (
    Marks.PYTHON
    + """
import subprocess

def handler(event, context):
    said = subprocess.run(["greet"], capture_output=True, text=True, check=True).stdout
    mark(records=event["Records"], said=said)
"""
)


def test_an_applied_configuration_runs_and_its_second_plan_is_empty(
    aws: LocalAws, bench: Bench, marks: Marks, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    shutil.copytree(Path(__file__).with_name("fixture"), root)
    (tmp_path / "function.zip").write_bytes(code(FUNCTION))
    (tmp_path / "layer.zip").write_bytes(
        zipped({"bin/greet": "#!/bin/sh\necho hello\n"}, mode=0o755)
    )
    variables = {
        "endpoint": aws.endpoint,
        "function_zip": tmp_path / "function.zip",
        "layer_zip": tmp_path / "layer.zip",
        "marks": marks.path,
        "runtime": RUNTIME,
    }
    settings = [f"-var={name}={value}" for name, value in variables.items()]
    environment = terraform.terraform_environment(tmp_path / "terraform")

    def run(*arguments: str) -> None:
        printed: list[str] = []
        try:
            terraform.run([f"-chdir={root}", *arguments], environment, printed.append)
        except terraform.TerraformError as error:
            pytest.fail("\n".join([*printed, str(error)]))

    run("init", "-input=false", "-no-color")
    run("apply", "-auto-approve", "-input=false", "-no-color", *settings)
    # Exit status 2, a failure here, stands for a plan with changes.
    run("plan", "-detailed-exitcode", "-input=false", "-no-color", *settings)

    for key in ("originals/a.JPG", "originals/b.mp4", "renditions/c.jpg"):
        bench.s3.put_object(Bucket="media", Key=key, Body=b"")
    queue = bench.sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    eventually(lambda: len(marks) == 1 and bench.held(queue) == (0, 0))
    (mark,) = marks.all()
    assert mark["said"] == "hello\n"
    assert '"originals/a.JPG"' in mark["records"][0]["body"]
