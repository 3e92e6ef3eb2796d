"""What a zip is built for: a Python, a processor and the oldest glibc that it has to run on."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from artifacts.errors import BuildError

Architecture = Literal["x86_64", "arm64"]

# glibc of the system under each Lambda runtime: Amazon Linux 2, then Amazon Linux 2023.
_LAMBDA_GLIBC: Mapping[str, tuple[int, int]] = {
    "python3.11": (2, 26),
    "python3.12": (2, 34),
    "python3.13": (2, 34),
}
RUNTIMES = tuple(_LAMBDA_GLIBC)
ARCHITECTURES: tuple[Architecture, ...] = get_args(Architecture)
_OLDEST_PERENNIAL_TAG = 17  # manylinux_2_17, which PEP 600 calls manylinux2014 as well


@dataclass(frozen=True, slots=True)
class Target:
    """A runtime in Lambda's words (`python3.13`), an architecture in Lambda's, a glibc version."""

    runtime: str
    architecture: Architecture
    glibc: tuple[int, int]

    @classmethod
    def of_lambda(cls, runtime: str, architecture: Architecture) -> Target:
        """A Lambda runtime. Raises `BuildError` for one that is not in `RUNTIMES`."""
        if runtime not in _LAMBDA_GLIBC:
            raise BuildError(f"There is no runtime {runtime}, only {', '.join(RUNTIMES)}.")
        return cls(runtime, architecture, _LAMBDA_GLIBC[runtime])

    @classmethod
    def of_this_machine(cls) -> Target:
        """The running Python on this machine, for local runs: its glibc may be newer than Lambda's.

        Raises `BuildError` where there is no glibc.
        """
        library, version = platform.libc_ver()
        if library != "glibc":
            raise BuildError("A local build needs a Linux with glibc.")
        major, minor = version.split(".")[:2]
        runtime = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return cls(runtime, machine_architecture(), (int(major), int(minor)))

    @property
    def pip_options(self) -> list[str]:
        """Options with which pip takes wheels for this target, whatever it runs on itself.

        Platform tags as PEP 600 defines them, the newest first as pip prefers them.
        """
        version = self.runtime.removeprefix("python")
        processor = "aarch64" if self.architecture == "arm64" else "x86_64"
        _, newest = self.glibc
        glibcs = [f"manylinux_2_{minor}" for minor in range(newest, _OLDEST_PERENNIAL_TAG - 1, -1)]
        options = ["--implementation", "cp", "--python-version", version]
        for abi in (f"cp{version.replace('.', '')}", "abi3", "none"):
            options += ["--abi", abi]
        for platform_tag in (*glibcs, "manylinux2014"):
            options += ["--platform", f"{platform_tag}_{processor}"]
        return options

    def __str__(self) -> str:
        major, minor = self.glibc
        return f"{self.runtime} on {self.architecture} with glibc {major}.{minor}"


def machine_architecture() -> Architecture:
    """This machine's processor in Lambda's words. Raises `BuildError` for any other."""
    names: Mapping[str, Architecture] = {
        "x86_64": "x86_64",
        "amd64": "x86_64",
        "aarch64": "arm64",
        "arm64": "arm64",
    }
    machine = platform.machine().lower()
    if machine not in names:
        raise BuildError(f"Lambda has no {machine} processors, so nothing can be built for one.")
    return names[machine]
