"""One execution environment of a function: a process under AWS's own runtime interface client."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from uuid import uuid4

from local_aws.deployments import Deployment, Unpacker
from local_aws.environment import Places, environment_of
from local_aws.function_log import InstanceLog
from local_aws.reaper import Reaper
from local_aws.runtime_api import Exited, Invocation, Ready, RuntimeApi, Signal
from local_aws.runtime_folder import link_runtime


class Host:
    """The machine that instances run on: folders, the endpoint they call, and their reaper."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.folder = folder
        self.endpoint = endpoint
        self.reaper = Reaper()
        self.unpacker = Unpacker(folder)
        self.runtime = folder / "runtime"
        self._numbers = count(1)
        (folder / "logs").mkdir()
        link_runtime(self.runtime)

    def log_file(self, function_name: str) -> Path:
        """Where the function's log is, or will be once it ran."""
        return self.folder / "logs" / f"{function_name}.log"

    def places(self, deployment: Deployment) -> Places:
        """The folders of a new instance."""
        own = self.folder / "instances" / f"{deployment.name}-{next(self._numbers)}"
        (own / "tmp").mkdir(parents=True)
        return Places(
            task_root=self.unpacker.code(deployment.code),
            opt=self.unpacker.layers(deployment.layers),
            runtime=self.runtime,
            own=own,
        )


@dataclass(frozen=True)
class TimedOut:
    """Nothing was heard of the instance in time."""


class Instance:
    """Runs one invocation at a time, and initializes before the first.

    The process leads a group of its own. When it ends, for whatever reason, the whole group does.
    """

    def __init__(self, deployment: Deployment, host: Host) -> None:
        self.deployment = deployment
        self.is_initialized = False
        self.log = InstanceLog(host.log_file(deployment.name))
        self._reaper = host.reaper
        self._places = host.places(deployment)
        self._signals: SimpleQueue[Signal] = SimpleQueue()
        self._api = RuntimeApi(self._signals)
        self._ended = Event()
        self._ending = Lock()
        day = time.strftime("%Y/%m/%d", time.gmtime())
        log_stream = f"{day}/[{deployment.version}]{uuid4().hex}"
        # -S: nothing of the virtual environment is importable but what PYTHONPATH names.
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-m", "awslambdaric", deployment.handler],
            cwd=self._places.task_root,
            env=environment_of(
                deployment, self._places, self._api.address, host.endpoint, log_stream
            ),
            stdin=subprocess.DEVNULL,
            stdout=self.log.writing_end,
            stderr=self.log.writing_end,
            start_new_session=True,
        )
        self._reaper.watch(self._process.pid)
        self.log.follow()
        Thread(target=self._await_end, name=f"end of {deployment.name}", daemon=True).start()

    @property
    def is_alive(self) -> bool:
        return not self._ended.is_set()

    def initialize(self, seconds: float) -> Signal | TimedOut:
        """Wait for `Ready`, if that is not past; anything else is what went wrong."""
        if self.is_initialized:
            return Ready()
        outcome = self._next_signal(seconds)
        self.is_initialized = isinstance(outcome, Ready)
        return outcome

    def invoke(self, invocation: Invocation, seconds: float) -> Signal | TimedOut:
        """Wait for what the handler makes of `invocation`."""
        self._api.hand(invocation)
        return self._next_signal(seconds)

    def stop(self) -> None:
        """Kill the process group, if it is not gone yet, and remove the instance's own folder."""
        with self._ending:
            if self.is_alive:
                os.killpg(self._process.pid, signal.SIGKILL)
        self._ended.wait()

    def _next_signal(self, seconds: float) -> Signal | TimedOut:
        try:
            return self._signals.get(timeout=max(0.0, seconds))
        except Empty:
            return TimedOut()

    def _await_end(self) -> None:
        # While the leader is a zombie, its number cannot become another group's.
        os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        with self._ending:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            status = self._process.wait()
            self._reaper.release(self._process.pid)
            shutil.rmtree(self._places.own, ignore_errors=True)
            self._ended.set()
        self._signals.put(Exited(status))
        self._api.close()
