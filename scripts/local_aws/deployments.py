"""A function as it is deployed at one moment, and its zips as folders."""

from __future__ import annotations

import hashlib
import shutil
import sys
import zipfile
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from threading import Lock

from moto.awslambda.models import LambdaFunction
from moto.awslambda.utils import get_backend


class UnrunnableError(Exception):
    """A function that cannot run on this machine; a sentence says why."""


@dataclass(frozen=True)
class Package:
    """A zip, known by its SHA-256 in hexadecimal."""

    sha256: str
    content: bytes = field(repr=False, compare=False)


@dataclass(frozen=True)
class Deployment:
    """All that an instance is started from: where two differ, a fresh instance is needed."""

    name: str
    arn: str
    version: str
    region: str
    runtime: str
    handler: str
    timeout_seconds: int
    memory_mb: int
    environment: dict[str, str]
    code: Package
    layers: tuple[Package, ...]
    log_group: str
    log_format: str
    log_level: str | None
    created: str
    """Tells a function from an earlier one of the same name."""


def deployment_of(function: LambdaFunction) -> Deployment:
    """What moto holds of `function`; raises `UnrunnableError`."""
    here = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if function.run_time != here:
        raise UnrunnableError(
            f"The embedded AWS runs functions with its own interpreter, {here}, and "
            f"{function.function_name} is for {function.run_time}: build and deploy it for {here}."
        )
    logging: dict[str, str] = function.get_configuration()["LoggingConfig"]
    return Deployment(
        name=function.function_name,
        arn=function.function_arn,
        version=str(function.version),
        region=function.region,
        runtime=here,
        handler=function.handler or "",
        timeout_seconds=int(function.timeout),
        memory_mb=int(function.memory_size),
        environment=dict(function.environment_vars),
        code=Package(function.code_digest, function.code_bytes),
        layers=tuple(_layer(function, layer["Arn"]) for layer in function.layers),
        log_group=logging["LogGroup"],
        log_format=logging["LogFormat"],
        log_level=logging.get("ApplicationLogLevel"),
        created=function.last_modified,
    )


def _layer(function: LambdaFunction, arn: str) -> Package:
    version = get_backend(function.account_id, function.region).layers_versions_by_arn(arn)
    if version is None:
        raise UnrunnableError(
            f"{arn} was deleted while {function.function_name} has it, which AWS outlives and the "
            "embedded AWS does not: deploy the function with another layer version first."
        )
    return Package(version.code_digest, version.code_bytes)


class Unpacker:
    """Unpacks each zip, and each combination of layers, once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._one_at_a_time = Lock()

    def code(self, package: Package) -> Path:
        """The task root that `package` makes."""
        return self._unpacked("code", (package,))

    def layers(self, packages: tuple[Package, ...]) -> Path:
        """What is `/opt` on Lambda: the layers over each other, in their order."""
        return self._unpacked("layers", packages)

    def _unpacked(self, kind: str, packages: tuple[Package, ...]) -> Path:
        name = hashlib.sha256("".join(p.sha256 for p in packages).encode()).hexdigest()[:16]
        folder = self._folder / kind / name
        with self._one_at_a_time:
            if not folder.exists():
                partial = folder.with_suffix(".partial")
                shutil.rmtree(partial, ignore_errors=True)
                partial.mkdir(parents=True)
                for package in packages:
                    _unzip(package.content, partial)
                partial.rename(folder)
        return folder


def _unzip(content: bytes, folder: Path) -> None:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for entry in archive.infolist():
            path = Path(archive.extract(entry, folder))
            # Lambda keeps the modes of a zip, and Python's zipfile does not.
            mode = entry.external_attr >> 16 & 0o777
            if mode and not entry.is_dir():
                path.chmod(mode | 0o400)
