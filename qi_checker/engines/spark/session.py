"""A Spark session, in this process or on a cluster, with fixed settings for reproducible results.

Only `pyspark` and Java are needed; if one of them is missing, or the address does not respond, the
error says what to do. Spark's own log never reaches the terminal: a line of it may contain a value
of a patient.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qi_checker.errors import Problem, UserError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOCAL = "local[*]"  # every processor of this machine
_ADDRESS = re.compile(r"spark://(?P<host>[^:/,]+):(?P<port>[0-9]+)")
_PATIENCE = 60  # seconds to wait for an executor of a cluster
_LOG = Path(__file__).with_name("log4j2.properties")

# The meaning of a query must not depend on the machine or on a cluster's defaults.
MEANING = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",  # a clock time at the site is not an instant
    "spark.sql.ansi.enabled": "true",  # an overflow or an invalid cast fails instead of giving NULL
    "spark.sql.caseSensitive": "false",
    "spark.sql.variable.substitute": "false",  # ${...} in the text of a protocol is text
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.legacy.parquet.nanosAsLong": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.compression.codec": "snappy",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
}
_COMFORT = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.adaptive.enabled": "true",  # joins and partitions are chosen by actual sizes
    # Planning fails for some unions ("key not found") if filters are inferred from constraints.
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.execution.arrow.pyspark.fallback.enabled": "false",
    "spark.log.level": "OFF",
}


def open_session(engine: str = "spark", settings: dict[str, str] | None = None) -> SparkSession:
    """Open a session for `--engine`, or return the existing one of this process.

    `settings` are further Spark settings, which take precedence. Raises UserError if pyspark or
    Java is missing, if the address does not respond, or if no worker takes the job within a minute.
    """
    master = LOCAL if engine == "spark" else engine
    check_installed()
    if engine.startswith("spark://"):
        _check_address(engine)
    from pyspark.sql import SparkSession

    started = SparkSession.getActiveSession() or _start(master, settings or {})
    for name, value in MEANING.items():
        if name.startswith("spark.sql."):
            started.conf.set(name, value)
    if engine.startswith("spark://"):
        _await_worker(started, engine)
    return started


def spark_errors() -> tuple[type[Exception], ...]:
    """Return the exceptions that Spark raises; their texts may contain patient values."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    return (Py4JError, PySparkException)


@contextmanager
def failed(error: UserError) -> Iterator[None]:
    """Replace errors of Spark by `error`; QI_CHECKER_TRACEBACK shows Spark's own message."""
    try:
        yield
    except spark_errors():
        if os.environ.get("QI_CHECKER_TRACEBACK"):
            raise
        raise error from None


def check_installed() -> None:
    """Raise UserError if pyspark or Java is missing."""
    _needs_pyspark()
    _needs_java()


def _needs_pyspark() -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # from pandas, which is not used with it
            import pyspark.sql
            import pyspark.testing.utils  # noqa: F401  # imports pandas on first use
    except ImportError:
        raise UserError(
            Problem(
                "--engine",
                "Spark is not installed",
                "It is an optional extra",
                'Install it with: pip install "qi-checker[spark]"; it needs Java 17, too',
            )
        ) from None
    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # would print whole queries


def _needs_java() -> None:
    home = os.environ.get("JAVA_HOME", "")
    found = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if found is None:
        advice = "Install Java 17 or 21, or set JAVA_HOME to it"
        raise UserError(Problem("--engine", "Spark needs Java, which is not installed", "", advice))


def _check_address(engine: str) -> None:
    """Check that the master responds: Spark itself would try silently for a minute."""
    parted = _ADDRESS.fullmatch(engine)
    if parted is None:
        advice = "Write the address of the cluster's master: spark://host:7077"
        raise UserError(
            Problem("--engine", f"{engine} is not the address of a cluster", "", advice)
        )
    try:
        with socket.create_connection((parted["host"], int(parted["port"])), timeout=10):
            return
    except (OSError, OverflowError):
        what = f"nothing answers at {engine}"
        advice = "Start the cluster, or correct the address; --engine spark needs none"
        raise UserError(Problem("--engine", what, "", advice)) from None


def _start(master: str, settings: dict[str, str]) -> SparkSession:
    """Start Java with its output discarded."""
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway as launched
    from pyspark.sql import SparkSession

    conf = SparkConf().setMaster(master).setAppName("qi-checker")
    given = {**MEANING, **_COMFORT, **_here(master), **settings}
    for name, value in given.items():
        conf.set(name, value)
    conf.set("spark.driver.extraJavaOptions", f"-Dlog4j2.configurationFile={_LOG.as_uri()}")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        launch: Any = launched
        gateway = launch(conf=conf, popen_kwargs={"stderr": subprocess.DEVNULL})
        return SparkSession(SparkContext(conf=conf, gateway=gateway))
    except Exception:
        why = "Its own message may contain details of this machine"
        advice = "Try it with less memory, or with another Java (17 or 21)"
        raise UserError(Problem("--engine", "Spark could not be started", why, advice)) from None


def _here(master: str) -> dict[str, str]:
    """Return the address at which workers reach this process; on loopback nobody else can."""
    parted = _ADDRESS.fullmatch(master)
    if parted is None or parted["host"] in ("localhost", "127.0.0.1"):
        return {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return {}


def _await_worker(session: SparkSession, engine: str) -> None:
    """Wait for a worker; a job without one would wait forever."""
    context: Any = session.sparkContext
    until = time.monotonic() + _PATIENCE
    while context._jsc.sc().getExecutorMemoryStatus().size() < 2:  # the first one is this process
        if time.monotonic() > until:
            session.stop()
            what = f"no worker of {engine} took the job within {_PATIENCE} seconds"
            advice = "Check that workers are running and have free memory"
            raise UserError(Problem("--engine", what, "", advice))
        time.sleep(0.1)
