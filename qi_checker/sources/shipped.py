"""Mappings shipped with the program, for exports with a known structure: rules/mappings."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

from qi_checker.errors import Problem, UserError, did_you_mean
from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.mapping import Mapping, many
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.yaml_read import read_document


def shipped_mappings() -> dict[str, Path]:
    """Return the files of all shipped mappings by name, in order of the names."""
    return {file.stem: file for file in sorted((rules_dir() / "mappings").glob("*.yaml"))}


def shipped_text(name: str) -> str:
    """Return the text of a shipped mapping. UserError if there is none with that name."""
    known = shipped_mappings()
    if name not in known:
        what = f"there is no shipped mapping {name}"
        raise UserError(Problem("--like", what, "", did_you_mean(name, known)))
    return known[name].read_text(encoding="utf-8")


def looks_like(names: Iterable[str]) -> str:
    """Return the shipped mapping whose files are all among these; empty if there is none."""
    have = list(names)
    for name, file in shipped_mappings().items():
        wanted = _files(file)
        if wanted and all(any(fnmatch(one, pattern) for one in have) for pattern in wanted):
            return name
    return ""


def _files(file: Path) -> set[str]:
    """Return the files that a shipped mapping requires; its exam names are not needed for that."""
    mapping = Mapping.model_validate(Complaints(read_document(file)).mapping())
    blocks = [block for table in ("cases", "events") for block in mapping.blocks(table)]
    return {pattern for block in blocks for pattern in many(block.file)}
