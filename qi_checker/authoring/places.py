"""Places of a protocol's clauses in its file, and their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qi_checker.authoring.diff_keys import as_text
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.checks.parts import requirement_parts
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.yaml_nodes import Document, Steps
from qi_checker.protocol.yaml_read import read_document


@dataclass(frozen=True)
class Clause:
    """One key of a protocol. `value` is as written, empty if the key is absent."""

    path: str  # window.at_most; applies_to.all_of[0].procedure
    value: str
    where: str  # file:line:column of the key, or of its parent if the key is absent


class Places:
    """The clauses of a protocol, by version and requirement."""

    def __init__(self, bundle: Bundle) -> None:
        self.document: Document = read_document(bundle.path)
        self._data: Any = self.document.data
        self._versions: dict[str, Steps] = {}
        self._requirements: dict[tuple[str, str], Steps] = {}
        versions = bundle.protocol.versions
        self._titles = {version.version: version.titles for version in versions}
        self._leaves = {(v.version, leaf.id): leaf for v in versions for leaf in v.leaves}
        self._holding: dict[str, list[str]] = {}  # the versions that contain a requirement
        for holder, id in self._leaves:
            self._holding.setdefault(id, []).append(holder)
        for number, version in enumerate(self._data["versions"]):
            name, steps = str(version["version"]), ("versions", number)
            self._versions[name] = steps
            for inner, requirement in requirement_parts(version, steps):
                self._requirements[name, str(requirement["id"])] = inner

    def version(self, version: str, *keys: str | int) -> Clause:
        """Return a clause of a version."""
        return self._clause(self._versions[version], keys)

    def requirement(self, version: str, requirement: str, *keys: str | int) -> Clause:
        """Return a clause of a requirement, in whatever groups it is."""
        return self._clause(self._requirements[version, requirement], keys)

    def titles(self, version: str) -> Mapping[str, str]:
        """Return the titles of a version's requirements and columns."""
        return self._titles[version]

    def leaf(self, version: str, requirement: str) -> Requirement:
        """Return a requirement of a version."""
        return self._leaves[version, requirement]

    def versions_with(self, requirement: str) -> list[str]:
        """Return the versions that have a requirement, the oldest first."""
        return self._holding[requirement]

    def _clause(self, holder: Steps, keys: Sequence[str | int]) -> Clause:
        steps = (*holder, *keys)
        value: Any = self._data
        for step in steps:
            inside = isinstance(value, dict) and step in value
            listed = isinstance(value, list) and isinstance(step, int) and step < len(value)
            value = value[step] if inside or listed else None
        return Clause(_path(keys), as_text(value), self.document.where(steps, key=True))


def _path(keys: Sequence[str | int]) -> str:
    """Format `window.and[0].before`."""
    path = ""
    for key in keys:
        path += f"[{key}]" if isinstance(key, int) else f".{key}" if path else key
    return path
