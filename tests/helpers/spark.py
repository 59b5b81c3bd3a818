"""A real cluster of Spark for tests: a master and workers, each a separate process, on loopback."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyspark
import pytest

_HOME = Path(pyspark.__file__).parent
_PR_SET_PDEATHSIG = 1
_PATIENCE = 90  # seconds until every worker has joined

needs_java = pytest.mark.skipif(
    shutil.which("java") is None, reason="Java is missing: sh scripts/spark.sh says what to do"
)


@dataclass(frozen=True)
class Cluster:
    """A running cluster; `address` is the value of --engine."""

    address: str
    workers: int


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def cluster(workers: int = 2, cores: int = 1, memory: str = "1g") -> Iterator[Cluster]:
    """Run a standalone cluster that is removed afterwards, even if the test ends early."""
    folder = Path(tempfile.mkdtemp(prefix="qi-spark-"))
    port, web = free_port(), free_port()
    address = f"spark://127.0.0.1:{port}"
    started: list[subprocess.Popen[bytes]] = []
    try:
        started.append(_start(folder, "master.Master", "--port", port, "--webui-port", web))
        started += [
            _start(
                folder,
                "worker.Worker",
                "--port",
                free_port(),
                "--webui-port",
                free_port(),
                "--cores",
                cores,
                "--memory",
                memory,
                "--work-dir",
                folder / f"work{n}",
                address,
            )
            for n in range(workers)
        ]
        _await(web, workers, folder)
        yield Cluster(address, workers)
    finally:
        for process in reversed(started):
            with_group(process, signal.SIGTERM)
        for process in started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                with_group(process, signal.SIGKILL)
                process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def with_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to a daemon and to its executors."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _start(folder: Path, name: str, *arguments: object) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "SPARK_HOME": str(_HOME),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_LOCAL_DIRS": str(folder / "local"),
    }
    command = [
        str(_HOME / "bin" / "spark-class"),
        f"org.apache.spark.deploy.{name}",
        "--host",
        "127.0.0.1",
        *map(str, arguments),
    ]
    with (folder / f"log-{len(list(folder.iterdir()))}").open("wb") as log:
        return subprocess.Popen(
            command,
            env=environment,
            stdout=log,
            stderr=log,
            cwd=folder,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )


def _end_with_parent() -> None:
    """End with the parent: Linux ends a daemon whose test was killed; elsewhere it stays."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _await(web: int, workers: int, folder: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{web}/json/", timeout=5) as answer:
                if json.load(answer)["aliveworkers"] == workers:
                    return
        except (OSError, ValueError):  # not yet, or not yet JSON
            pass
        time.sleep(0.2)
    logs = "\n".join(path.read_text()[-2000:] for path in sorted(folder.glob("log-*")))
    raise AssertionError(f"the cluster has not started:\n{logs}")
