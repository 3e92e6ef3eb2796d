"""`make demo`: see the README."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from artifacts import BuildError
from demo import report, uploads
from demo.artifacts_here import build_here
from demo.clients import REGION
from demo.deployment import Deployment, deploy
from demo.media import MediaError, Medium, named_media, own_media
from local_aws.errors import LocalAwsError
from media_pipeline.recipe import load_recipe
from terraform import TerraformError, check_terraform

BUILD = Path("build")
OUTPUTS = BUILD / "demo"
PATIENCE_SECONDS = 900.0

STEPS = {"": 0, "pending": 1, "processing": 2, "completed": 3, "failed": 3}
"""How far along its way a record of each status is."""


def say(console: Console, line: str) -> None:
    """Print a line as it is, however long."""
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def main() -> int:
    """Run the demo; the answer is the exit status."""
    console = Console()
    say_here = partial(say, console)
    keep = bool(os.environ.get("KEEP"))
    # Terminated is interrupted: what was started is stopped on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        media = _media()
        check_terraform(os.environ)
        artifacts = build_here(BUILD, say_here)
        with deploy(artifacts, BUILD / "demo-aws", say_here, keep) as deployment:
            records = _process(console, deployment, media)
            _show(console, deployment, records)
            if keep:
                _explain(console, deployment, media)
    except (MediaError, BuildError, LocalAwsError, TerraformError, TimeoutError) as error:
        console.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("[red]Interrupted; everything that was started is stopped.[/red]")
        return 1
    return 0 if all(record["status"] == "completed" for record in records.values()) else 1


def _media() -> list[Medium]:
    names = os.environ.get("MEDIA", "").split()
    return named_media(names, load_recipe()) if names else own_media(BUILD / "demo-media")


def _relative(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _process(
    console: Console, deployment: Deployment, media: list[Medium]
) -> Mapping[str, dict[str, Any]]:
    largest = max(media, key=lambda medium: medium.path.stat().st_size)
    for medium in media:
        uploads.write_pending(deployment.dynamodb, deployment.table, medium)
    columns = (
        TextColumn("{task.description:24}"),
        BarColumn(),
        TextColumn("{task.fields[status]:10}"),
    )
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        bars = {
            medium.media_id: progress.add_task(medium.path.name, total=3, status="pending")
            for medium in media
        }
        for medium in media:
            started = time.monotonic()
            uploads.upload(deployment.s3, deployment.bucket, medium, in_parts=medium is largest)
            seconds = time.monotonic() - started
            say(progress.console, f"{medium.key}: uploaded in {seconds:.2f} s")
        records: Mapping[str, dict[str, Any]] = {}
        for records in uploads.watch(
            deployment.dynamodb, deployment.table, list(bars), PATIENCE_SECONDS
        ):
            for media_id, record in records.items():
                status = record.get("status", "")
                progress.update(bars[media_id], completed=STEPS[status], status=status)
    return records


def _show(console: Console, deployment: Deployment, records: Mapping[str, dict[str, Any]]) -> None:
    shutil.rmtree(OUTPUTS, ignore_errors=True)
    OUTPUTS.mkdir(parents=True)
    uploads.save_outputs(deployment.s3, deployment.bucket, list(records), OUTPUTS)
    for name, record in records.items():
        report.show(console, name, record)
    page = report.write_page(OUTPUTS, records)
    for function in deployment.functions.values():
        say(console, f"Log of {function}: {_relative(deployment.aws.log_file(function))}")
    console.print(
        f"The outputs are under {OUTPUTS}; `make page` serves {page.name} and the stream."
    )


EXPLANATION = """
The embedded AWS stays at {endpoint} until you type: kill {process_id}
Copy and paste, for example:

export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION={region}
aws --endpoint-url {endpoint} s3 cp {photo} s3://{bucket}/originals/gallery-7/photo-42/portrait.jpg
aws --endpoint-url {endpoint} dynamodb scan --table-name {table} --output table
aws --endpoint-url {endpoint} lambda invoke --function-name {function} \\
  --payload fileb://tests/events/direct_image.json build/answer.json && cat build/answer.json
"""


def _explain(console: Console, deployment: Deployment, media: list[Medium]) -> None:
    photo = next((medium for medium in media if medium.kind == "image"), media[0])
    explanation = EXPLANATION.format(
        endpoint=deployment.aws.endpoint,
        process_id=deployment.aws.pid,
        region=REGION,
        photo=photo.path,
        bucket=deployment.bucket,
        table=deployment.table,
        function=deployment.functions["images"],
    )
    say(console, explanation)


if __name__ == "__main__":
    sys.exit(main())
