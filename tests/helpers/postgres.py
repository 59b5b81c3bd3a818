"""Our own PostgreSQL for the tests: started at the first use, removed afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest

# scripts/postgres.sh installs it; the newest installed version is used.
_INSTALLED = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))


@dataclass
class Server:
    """A running cluster. `bin` has its programs, which `command` runs as a suitable user."""

    port: int
    bin: Path
    folder: Path
    _names: Iterator[int] = field(default_factory=lambda: count(1))

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def new_database(self, like: str = "template1") -> str:
        """Return the address of a new database: empty, or a copy of an unused one."""
        name = f"test_{os.getpid()}_{next(self._names)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like}"')
        return self.url(name)

    def command(self, program: str, *arguments: str) -> list[str]:
        return [*_as_postgres(), str(self.bin / program), *arguments]

    def stop(self, how: str = "fast") -> None:
        """Stop the server; `immediate` is like a power cut."""
        self._ctl("-m", how, "stop")

    def start(self) -> None:
        # A test needs neither durability nor replication.
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off "
            "-c wal_level=minimal -c max_wal_senders=0 -c autovacuum=off "
            f"-c unix_socket_directories={self.folder}"
        )
        self._ctl("-w", "-o", options, "-l", str(self.folder / "log"), "start")

    def _ctl(self, *arguments: str) -> None:
        command = self.command("pg_ctl", "-D", str(self.folder / "db"), *arguments)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")


def _as_postgres() -> list[str]:
    """Return the command prefix for another user: PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgres_server() -> Iterator[Server]:
    """Start a cluster on a free port of this machine; skip the test if it is not installed."""
    if not _INSTALLED:
        pytest.skip("PostgreSQL is not installed: sh scripts/postgres.sh")
    folder = Path(tempfile.mkdtemp(prefix="qi-postgres-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        server = Server(_free_port(), _INSTALLED[-1], folder)
        initdb = server.command(
            "initdb",
            "-D",
            str(folder / "db"),
            "-A",
            "trust",
            "-U",
            "postgres",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        )
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd="/")
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
