"""What the container installs: pinned, with hashes, without addresses; and the bill of materials."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest

from scripts.hashes import OUT, PROJECT, asked
from scripts.sbom import bill, pinned

TEXT = OUT.read_text(encoding="utf-8")
PACKAGES = {name: version for name, version, _ in pinned(TEXT)}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_package_has_a_version_of_the_constraints_and_hashes() -> None:
    lines = [line for line in TEXT.splitlines() if line and not line.startswith("#")]
    assert sum("==" in line for line in lines) == len(PACKAGES) > 40
    shape = re.compile(r"\S+==\S+ \\|    --hash=sha256:[0-9a-f]{64}( \\)?")
    assert [line for line in lines if not shape.fullmatch(line)] == []
    constraints = dict(
        line.split("==")
        for line in (PROJECT / "constraints.txt").read_text("utf-8").splitlines()
        if "==" in line
    )
    known = {plain(name): version for name, version in constraints.items()}
    assert {n: v for n, v in PACKAGES.items() if known.get(n, v) != v} == {}
    assert all(hashes for _, _, hashes in pinned(TEXT))


def test_everything_the_program_asks_for_is_in_it() -> None:
    wanted = {plain(re.split(r"[\[<>=~ ]", one)[0]) for one in asked()}
    assert wanted - PACKAGES.keys() == set()


def test_no_address_is_in_it() -> None:
    """The index is the administrator's: one of the hospital's own serves as well."""
    assert "://" not in TEXT and "--index" not in TEXT and "--find-links" not in TEXT


def test_the_container_takes_nothing_without_a_hash() -> None:
    docker = (PROJECT / "deploy" / "Dockerfile").read_text("utf-8")
    installs = [part for part in re.split(r"&&|\nRUN", docker) if "pip install" in part]
    assert len(installs) == 2
    assert "--require-hashes" in installs[0] and "/source/deploy/requirements.txt" in installs[0]
    assert "--no-deps --no-build-isolation" in installs[1]
    assert "@sha256:" in docker and "FROM ${BASE}" in docker


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("qi_checker/cli/__init__.py", True),
        ("rules/codelists/imaging.csv", True),
        ("deploy/requirements.txt", True),
        ("pyproject.toml", True),
        (".git/config", False),
        (".venv/bin/python", False),
        ("export/cases.csv", False),
        ("nightly.yaml", False),
        ("tests/conftest.py", False),
    ],
)
def test_the_image_is_built_from_the_program_alone(path: str, kept: bool) -> None:
    """The last pattern that fits decides, as Docker reads the file."""
    found = True
    for line in (PROJECT / ".dockerignore").read_text("utf-8").splitlines():
        pattern = line.lstrip("!")
        if line and not line.startswith("#") and _fits(path, pattern):
            found = line.startswith("!")
    assert found is kept


def _fits(path: str, pattern: str) -> bool:
    return path == pattern or path.startswith(f"{pattern}/") or fnmatchcase(path, pattern)


def test_the_bill_names_every_package_once() -> None:
    document = bill(TEXT)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", document["serialNumber"])
    refs = [component["bom-ref"] for component in document["components"]]
    assert refs == [f"pkg:pypi/{name}@{version}" for name, version in PACKAGES.items()]
    assert all(component["hashes"] for component in document["components"])
    ours = document["metadata"]["component"]["bom-ref"]
    needs = {line["ref"]: line["dependsOn"] for line in document["dependencies"]}
    assert needs.keys() == {ours, *refs} and set().union(*needs.values()) <= set(refs)
    assert [ref for ref in needs[ours] if ref.startswith("pkg:pypi/duckdb@")]
    assert document == bill(TEXT)
    licensed = [c for c in document["components"] if "licenses" in c]
    assert len(licensed) > len(refs) / 2
