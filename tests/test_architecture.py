"""The structure that DEVELOPERS.md describes holds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROGRAM = sorted((ROOT / "qi_checker").rglob("*.py"))


def test_no_module_imports_against_the_direction() -> None:
    run = "from importlinter.cli import lint_imports_command as run; run()"
    done = subprocess.run([sys.executable, "-c", run], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_every_protocol_has_examples() -> None:
    others = ("codelists", "mappings")
    protocols = [p for p in (ROOT / "rules").iterdir() if p.is_dir() and p.name not in others]
    assert protocols
    assert [p.name for p in protocols if not (p / "examples.yaml").is_file()] == []
    assert [p.name for p in protocols if not (p / "protocol.yaml").is_file()] == []


def test_nothing_inside_the_evaluation_asks_for_the_time() -> None:
    clock = ("date.today(", "datetime.now(", "utcnow(", "current_date", "CURRENT_DATE", "now()")
    asking = [
        p.relative_to(ROOT).as_posix()
        for p in PROGRAM
        for words in [p.read_text(encoding="utf-8")]
        if any(c in words for c in clock)
    ]
    # A scheduled job has to ask, and asks once; and so does what people use all day.
    assert asking == ["qi_checker/cli/clock.py", "qi_checker/web/clock.py"]


def test_reading_the_store_loads_no_database_of_an_evaluation() -> None:
    """The web application reads it in every worker: 32 MB instead of 150."""
    store = ROOT / "qi_checker" / "store"
    writers = {"evaluated", "lines", "__init__"}
    names = [f"qi_checker.store.{p.stem}" for p in store.glob("*.py") if p.stem not in writers]
    heavy = ("duckdb", "pandas", "sqlglot", "pyarrow")
    run = f"""
import importlib, sys
import qi_checker.store
for name in {sorted(names)}:
    importlib.import_module(name)
print([name for name in {heavy} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", run], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
