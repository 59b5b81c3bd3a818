"""The files under deploy/: least privilege is written down, and systemd accepts its units."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from tests.helpers.commands import PROJECT

DEPLOY = PROJECT / "deploy"
UNITS = [f"qi-checker{job}.{kind}" for job in ("", "-purge") for kind in ("service", "timer")]
UNITS.append("qi-checker-web.service")
LEAST = (
    "User=qi-checker",
    "UMask=0077",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "PrivateTmp=yes",
    "StateDirectory=qi-checker",
    "ReadOnlyPaths=/srv/qi-checker/export /etc/qi-checker",
    "Type=oneshot",
)


def test_the_service_may_write_its_state_and_nothing_else() -> None:
    for name in ("qi-checker.service", "qi-checker-purge.service"):
        lines = (DEPLOY / name).read_text("utf-8").splitlines()
        assert [line for line in LEAST if line not in lines] == []
        assert not [line for line in lines if line.startswith(("ReadWritePaths", "User=root"))]


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    """Where its checker is not installed, every line is at least a comment, a section or a setting."""
    for name in UNITS:
        text = (DEPLOY / name).read_text("utf-8")
        assert all(re.match(r"#|\[\w+\]$|[A-Z]\w+=|$", line) for line in text.splitlines())
        text = text.replace("/opt/qi-checker/bin/qi-checker", "/bin/true")
        (tmp_path / name).write_text(text, "utf-8")
    checker = shutil.which("systemd-analyze")
    if checker:
        units = [str(tmp_path / name) for name in UNITS]
        done = subprocess.run([checker, "verify", *units], capture_output=True, text=True)
        assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_web_application_cannot_read_the_export_and_writes_the_store_only() -> None:
    lines = (DEPLOY / "qi-checker-web.service").read_text("utf-8").splitlines()
    job = (DEPLOY / "qi-checker.service").read_text("utf-8").splitlines()
    shared = [line for line in job if line.startswith(("Protect", "Private", "Restrict", "System"))]
    assert [line for line in shared if line not in lines] == []
    assert {"NoNewPrivileges=yes", "CapabilityBoundingSet=", "UMask=0007"} <= set(lines)
    assert {"User=qi-checker-web", "Group=qi-checker", "Type=notify"} <= set(lines)
    writes = [line for line in lines if line.startswith(("ReadWritePaths", "StateDirectory"))]
    assert writes == ["ReadWritePaths=/var/lib/qi-checker/store"]
    assert "InaccessiblePaths=-/srv/qi-checker/export" in lines


def test_cron_and_container_run_as_a_user_of_their_own() -> None:
    cron = (DEPLOY / "qi-checker.cron").read_text("utf-8").splitlines()
    jobs = [line.split(maxsplit=6) for line in cron if line[:1].isdigit()]
    assert len(jobs) == 3 and {job[5] for job in jobs} == {"qi-checker"}
    docker = (DEPLOY / "Dockerfile").read_text("utf-8").splitlines()
    user = docker.index("USER qi-checker")
    assert not [line for line in docker[user:] if line.startswith(("RUN", "COPY", "USER root"))]


def test_what_they_start_is_a_command() -> None:
    from qi_checker.cli.parser import build_parser

    every = "".join(p.read_text("utf-8") for p in DEPLOY.iterdir())
    typed = re.findall(
        r"bin/qi-checker ((?:nightly|healthcheck|serve)(?: \w+)? --config [^\s;]+)", every
    )
    assert len(typed) == 8
    assert {"nightly purge", "nightly verify"} <= {t.partition(" --")[0] for t in typed}
    for words in typed:
        assert build_parser().parse_args(words.split()).run
