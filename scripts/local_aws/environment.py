"""The environment of a Lambda instance, which has nothing of the host's.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local_aws.deployments import Deployment

RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "TZ",
    }
)
"""What a function's configuration may not set."""

MAX_BYTES = 4096
"""How long a function's own variables may be, as JSON."""


@dataclass(frozen=True)
class Places:
    """Folders of one instance: `own` is private to it, the others are shared."""

    task_root: Path
    opt: Path
    runtime: Path
    own: Path


def refusal(variables: Mapping[str, str]) -> str | None:
    """Why AWS refuses `variables` as a function's environment; None if it takes them."""
    beginning = (
        "Lambda was unable to configure your environment variables because the environment "
        "variables you have provided "
    )
    if reserved := sorted(RESERVED & variables.keys()):
        return (
            f"{beginning}contains reserved keys that are currently not supported for "
            f"modification. Reserved keys used in this request: {', '.join(reserved)}"
        )
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > MAX_BYTES:
        return f"{beginning}exceeded the 4KB limit. String measured: {measured}"
    return None


def environment_of(
    deployment: Deployment, places: Places, runtime_api: str, endpoint: str, log_stream: str
) -> dict[str, str]:
    """What an instance of `deployment` sees."""
    return {
        **_platform(deployment, runtime_api, endpoint, log_stream),
        **_paths(deployment, places),
        **{k: v for k, v in deployment.environment.items() if k != "PYTHONPATH"},
    }


def _platform(
    deployment: Deployment, runtime_api: str, endpoint: str, log_stream: str
) -> dict[str, str]:
    variables = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_DEFAULT_REGION": deployment.region,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{deployment.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(deployment.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": deployment.name,
        "AWS_LAMBDA_FUNCTION_VERSION": deployment.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": deployment.log_format,
        "AWS_LAMBDA_LOG_GROUP_NAME": deployment.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_REGION": deployment.region,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "test",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "_HANDLER": deployment.handler,
    }
    if deployment.log_level:
        variables["AWS_LAMBDA_LOG_LEVEL"] = deployment.log_level
    return variables


def _paths(deployment: Deployment, places: Places) -> dict[str, str]:
    task_root, opt = places.task_root, places.opt
    packages = opt / "python" / "lib" / deployment.runtime / "site-packages"
    importable = [task_root, packages, opt / "python", places.runtime]
    own = deployment.environment.get("PYTHONPATH", "")
    return {
        # Not Lambda's, which has no home folder to speak of: here ~ would be the developer's.
        "HOME": str(places.own),
        "LAMBDA_RUNTIME_DIR": str(places.runtime),
        "LAMBDA_TASK_ROOT": str(task_root),
        "LD_LIBRARY_PATH": f"{task_root}:{task_root}/lib:{opt}/lib",
        # A layer comes last on Lambda, whose image has little that could hide it; a host may.
        "PATH": f"{opt}/bin:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": ":".join([*filter(None, [own]), *map(str, importable)]),
        "TMPDIR": str(places.own / "tmp"),
    }
