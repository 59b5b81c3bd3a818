"""Without an optional part of the program: one line that names it, and exit code 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from qi_checker.errors import EXTRAS
from tests.helpers.commands import PROJECT, run
from tests.helpers.nights import settings, small_protocol

# Every tool of the job, with what it needs beside --config.
TOOLS = (
    "",
    "check-config",
    "runs",
    "show 1",
    "changes 1",
    "verify",
    "purge --before 2020-01-01",
    "forget 1",
    "export C01",
    "pseudonymise C01 --key-file KEY",
    "backup COPY",
    "exceptions list",
    "exceptions request C01 ct --reason r --expires-on 2026-04-01 --by ash --role nurse",
    "exceptions approve qi-1 --by oak --role approver",
    "sign-off C01 --protocol p --by ash --role surgeon",
    "sign-offs",
)
# Every command of the web application.
WEB = (
    "serve --config nightly.yaml",
    "serve --demo",
    "accounts list --config nightly.yaml",
    "accounts add ash --role coordinator --config nightly.yaml",
    "accounts password ash --config nightly.yaml",
)
NIGHTLY = [f"nightly {tool}" for tool in TOOLS] + ["healthcheck"]


PERIODS = "--before 2025-01-01..2025-02-28 --after 2025-03-01..2025-04-30"
MAPPING = """\
cases: {query: SELECT 1, columns: {case_id: a, patient_id: b, surgery_at: c, status: d}}
events: {query: SELECT 1, columns: {event_id: a, patient_id: b, kind: c, status: d, at: e}}
"""


def without(module: str, *typed: object, cwd: Path) -> tuple[int, str, str]:
    """Run a command in a process of its own, as if a package had never been installed."""
    gone = {module, "qi_checker"} if module == "django" else {module}  # what imported it already
    hidden = f"""
import sys
for name in [*sys.modules]:
    if name.split(".")[0] in {gone!r}:
        del sys.modules[name]
sys.modules[{module!r}] = None
"""
    ran = run(*typed, before=hidden, cwd=cwd)
    return ran.code, ran.out, ran.err


def is_told(ran: tuple[int, str, str], extra: str) -> None:
    code, out, err = ran
    assert (code, out) == (2, ""), err
    assert err.startswith("qi-checker: ") and err.count("\n") == 1
    assert f"qi-checker[{extra}]" in err


@pytest.mark.parametrize("typed", NIGHTLY)
def test_the_job_and_its_tools_name_it(typed: str, tmp_path: Path) -> None:
    file = settings(tmp_path, protocols=small_protocol(tmp_path))
    words = typed.split()
    is_told(without("django", *words, "--config", file, cwd=tmp_path), "nightly")


def test_every_tool_is_among_them() -> None:
    said = run("nightly", "--help").out
    listed = said[said.index("TOOL") :].split("\n")
    names = {line.split()[0] for line in listed if line.startswith("    ") and line[4:5].isalpha()}
    assert names - {"schema"} == {tool.split()[0] for tool in TOOLS if tool}


def test_a_store_in_postgresql_names_its_driver(tmp_path: Path) -> None:
    store = {"url": "postgresql://u@127.0.0.1:1/d"}
    file = settings(tmp_path, protocols=small_protocol(tmp_path), store=store)
    is_told(without("psycopg", "nightly", "runs", "--config", file, cwd=tmp_path), "postgres")


@pytest.mark.parametrize(
    ("module", "typed"),
    [
        ("adbc_driver_postgresql", "audit --engine postgresql://u@127.0.0.1:1/d --out O"),
        ("weasyprint", "checklist --data D --format pdf --output P"),
        ("weasyprint", "check C01 --data D --format pdf --output P"),
        ("weasyprint", "sheets --data D --all --out O"),
        ("weasyprint", "report --month 2026-02 --data D --format all --out O"),
        ("pptx", "report --month 2026-02 --data D --format pptx --out O"),
        ("weasyprint", f"study --data D {PERIODS} --format pdf --out O"),
        ("weasyprint", "rules render R --format pdf"),
        ("pyspark", "audit --data D --engine spark --out O"),
        ("sqlalchemy", "inspect mysql+pymysql://u@127.0.0.1:1/d"),
        ("sqlalchemy", "import sql mysql+pymysql://u@127.0.0.1:1/d --mapping M --out O"),
    ],
)
def test_other_commands_name_theirs(module: str, typed: str, tmp_path: Path) -> None:
    settings(tmp_path, protocols=small_protocol(tmp_path))
    words = [
        {"D": "data", "R": "rules/ct", "O": "out", "P": "page.pdf", "M": "mapping.yaml"}.get(w, w)
        for w in typed.split()
    ]
    (tmp_path / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    if not typed.startswith(("rules", "inspect", "import")):
        words += ["--as-of", "2026-03-02", "--protocol", "rules/ct", "--site", "data/site.yaml"]
    is_told(without(module, *words, cwd=tmp_path), EXTRAS[module])


@pytest.mark.parametrize("typed", WEB)
def test_the_web_application_names_its_own(typed: str, tmp_path: Path) -> None:
    (tmp_path / "nightly.yaml").write_text("", encoding="utf-8")
    is_told(without("whitenoise", *typed.split(), cwd=tmp_path), "web")


def test_a_job_without_the_application_is_not_enough_for_it(tmp_path: Path) -> None:
    """Django alone is in the extra `nightly`, too; serve needs more, and names that."""
    is_told(without("django", "serve", "--demo", cwd=tmp_path), "web")


def test_every_extra_of_the_project_is_known() -> None:
    """What a site installs beside the program; `dev` and the like are for those who build it."""
    text = (PROJECT / "pyproject.toml").read_text("utf-8")
    part = text.split("[project.optional-dependencies]")[1].split("\n[")[0]
    named = {line.split(" = ")[0] for line in part.splitlines() if " = " in line}
    assert named - {"dev", "bench"} == set(EXTRAS.values())
