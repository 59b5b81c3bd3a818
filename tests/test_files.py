"""What every tracked file and every shipped folder has to keep to."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from qi_checker.audit import views as audit_views
from qi_checker.authoring import diff as rule_diff
from qi_checker.authoring import rule_page
from qi_checker.cases import views as case_views
from qi_checker.digest import screen as digest_screen
from qi_checker.monthly import protected as monthly_protected
from qi_checker.monthly import views as monthly_views
from qi_checker.render import elements
from qi_checker.study import protected as study_protected
from qi_checker.study import views as study_views

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "reports" / "templates"
TEMPLATES = {
    p.relative_to(FOLDER).as_posix(): p.read_text(encoding="utf-8") for p in FOLDER.rglob("*.j2")
}
# Types of the web application by name: importing it would set Django up for it.
WEB = {
    name
    for p in (ROOT / "qi_checker" / "web").glob("*.py")
    for name in re.findall(r"^class (\w+)", p.read_text(encoding="utf-8"), re.MULTILINE)
}
# The brackets keep the pattern from finding itself.
MACHINE = re.compile(
    r"(?<![\w.])/[w]ork/(main|shared|venv|\.)|(?<![\w./])/([r]oot|[h]ome/\w+)/"
    r"|[p]ypi\.org|[p]ythonhosted\.org|[n]pmjs\.org|[d]eb\.debian\.org"
)


def tracked() -> list[Path]:
    """Files of the project: what git knows or would take; without git, nothing."""
    command = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return []
    return [ROOT / name for name in done.stdout.split("\0") if (ROOT / name).is_file()]


FILES = tracked()


@pytest.mark.skipif(not FILES, reason="this is no checkout")
def test_no_file_speaks_of_one_machine_or_of_a_registry() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in FILES
        for number, line in enumerate(file.read_bytes().decode("utf-8", "replace").split("\n"), 1)
        if MACHINE.search(line)
    ]
    assert found == []


def test_every_pin_is_a_version_and_nothing_else() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [p for p in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9A-Za-z.+!]+", p)] == []
    assert len(pins) == len({p.lower() for p in pins}) > 30


def test_every_dependency_is_pinned() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    wanted = {plain(n) for n in re.findall(r'^    "([A-Za-z0-9-]+)[<>=]', project, re.MULTILINE)}
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pinned = {plain(n) for n in re.findall(r"^(\S+)==", constraints, re.MULTILINE)}
    assert len(wanted) > 15
    assert wanted - pinned == set()


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_a_template_says_what_it_is_given(name: str) -> None:
    """A page names its typed context; a part has macros, or is included by a page that does."""
    text = TEMPLATES[name]
    assert text.startswith("{#-"), "the first line says what the template is for"
    said = re.search(r"context: (\w+) \((\w+)\)", text)
    if "{% extends" in text or said:
        assert said, "the first comment says `context: name (Type)`"
        assert said[2] in WEB or any(
            hasattr(module, said[2])
            for module in (
                audit_views,
                case_views,
                rule_page,
                rule_diff,
                study_views,
                study_protected,
                digest_screen,
                monthly_views,
                monthly_protected,
                elements,
            )
        )
        assert re.search(rf"\b{said[1]}\.", text)
    elif "{% macro" not in text:
        users = [n for n, t in TEMPLATES.items() if f'"{name}"' in t]
        assert users, "no template uses it"
