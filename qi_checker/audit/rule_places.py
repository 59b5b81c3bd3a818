"""Where the clauses of a protocol stand in its file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.yaml_nodes import Document, Steps
from qi_checker.protocol.yaml_read import read_document


class Places:
    """`file:line:column` of the keys of a protocol, by version and requirement."""

    def __init__(self, bundle: Bundle) -> None:
        self.document: Document = read_document(bundle.path)
        self._versions: dict[str, Steps] = {}
        self._requirements: dict[tuple[str, str], Steps] = {}
        written = self.document.data.get("versions", [])
        for number, version in enumerate(written):
            name, steps = str(version.get("version")), ("versions", number)
            self._versions[name] = steps
            for id, inner in _leaves(version.get("requirements"), (*steps, "requirements")):
                self._requirements[name, id] = inner

    def version(self, version: str, *keys: str | int) -> str:
        """The place of a key of a version; of what holds it, where it is not written."""
        return self.document.where((*self._versions[version], *keys), key=True)

    def requirement(self, version: str, requirement: str, *keys: str | int) -> str:
        """The same of a requirement, in whatever groups it stands."""
        return self.document.where((*self._requirements[version, requirement], *keys), key=True)


def _leaves(members: Any, steps: Steps) -> Iterator[tuple[str, Steps]]:
    for number, member in enumerate(members if isinstance(members, list) else []):
        if not isinstance(member, dict):
            continue
        inner: Steps = (*steps, number)
        if "id" in member:
            yield str(member["id"]), inner
        for group in ("all_of", "any_of"):
            yield from _leaves(member.get(group), (*inner, group))
