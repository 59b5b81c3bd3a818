"""The wheel carries rules and reports, and works from an empty folder without the checkout."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = (
    "qi_checker",
    "rules",
    "reports",
    "pyproject.toml",
    "setup.py",
    "README.md",
    "LICENSE",
    "NOTICE",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the sources, so that the checkout stays clean."""
    copy = tmp_path_factory.mktemp("sources")
    for name in NEEDED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist", "."]
    subprocess.run(build, cwd=copy, check=True, capture_output=True, timeout=300)
    return next((copy / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`qi-checker` installed from the wheel; its dependencies are those of the tests."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=False, symlinks=True)
    packages = next((home / "lib").glob("python3*")) / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    libraries = [p for p in site.getsitepackages() if Path(p).is_dir()]
    (packages / "dependencies.pth").write_text("\n".join(libraries))
    script = home / "bin" / "qi-checker"
    script.write_text(
        f"#!{home / 'bin' / 'python'}\nimport sys\n"
        "sys.path = [p for p in sys.path if p != '']\n"
        "from qi_checker.cli import main\nraise SystemExit(main())\n"
    )
    script.chmod(0o755)
    return script


def run(program: Path, folder: Path, *arguments: str) -> str:
    """What the program prints, from an empty folder; no variable leads to the checkout."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [str(program), *arguments], cwd=folder, env=env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_rules_reports_and_licence(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "qi_checker/_data/rules/hepatic-metastasectomy-imaging/protocol.yaml",
        "qi_checker/_data/rules/codelists/imaging.csv",
        "qi_checker/_data/reports/style.css",
        "qi_checker/py.typed",
    ):
        assert wanted in names
    assert any(n.endswith("licenses/LICENSE") for n in names)
    assert not [n for n in names if n.startswith(("tests/", "benchmarks/")) or "__pycache__" in n]


def test_the_installed_program_is_the_one_of_the_wheel(program: Path, tmp_path: Path) -> None:
    python = program.parent / "python"
    shown = subprocess.run(
        [
            python,
            "-c",
            "import qi_checker.protocol.paths as p; print(p.__file__); print(p.rules_dir())",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for line in shown.split():
        assert line.startswith(str(program.parents[1]))


def test_every_step_of_a_first_day_works_from_an_empty_folder(
    program: Path, tmp_path: Path
) -> None:
    assert run(program, tmp_path, "--version").startswith("qi-checker ")
    run(program, tmp_path, "demo", "--out", "data")
    day = ("--data", "data", "--as-of", "2026-03-02")
    assert "audit/index.html" in run(program, tmp_path, "audit", *day, "--out", "audit")
    assert "Book" in run(program, tmp_path, "checklist", *day)
    assert "Next action" in run(program, tmp_path, "check", "SYN-C-0171", *day)
    assert "examples hold" in run(program, tmp_path, "rules", "test", "-k", "month")
    assert "$schema" in run(program, tmp_path, "rules", "schema")
    assert (tmp_path / "audit" / "cases" / "SYN-C-0171.html").is_file()
