"""Rules about a folder of protocols."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.catalogue import available_lists
from qi_checker.protocol.checks.parts import code_list_names
from qi_checker.protocol.load import Loaded
from qi_checker.protocol.yaml_read import read_document


def lint_folder(bundle: Bundle) -> Iterator[Problem]:
    """Report a folder that is not named like the protocol's id, and a protocol without examples."""
    folder, name = bundle.path.parent, bundle.protocol.id
    if folder.resolve().name != name:
        yield Problem(str(bundle.path), f"the folder is not called {name}, which is the id")
    if not (folder / "examples.yaml").is_file():
        yield Problem(
            str(folder), "has no examples.yaml", "Nothing shows that it works as intended"
        )


def same_id(bundles: Iterable[Bundle]) -> Iterator[Problem]:
    """Report ids that several protocols share: results are stored under the id."""
    seen: dict[str, Path] = {}
    for bundle in bundles:
        first = seen.setdefault(bundle.protocol.id, bundle.path)
        if first != bundle.path:
            what = f"the id {bundle.protocol.id} is also that of {first}"
            yield Problem(str(bundle.path), what, "Their results could not be distinguished")


def unused_lists(folder: Path, found: Sequence[Loaded]) -> Iterator[Problem]:
    """Report unused code lists: forgotten, or a protocol names another one by mistake."""
    data = {loaded.bundle.path: loaded.document.data for loaded in found}
    used: set[str] = set()
    for file in folder.glob("*/protocol.yaml"):
        try:
            used |= {n for _, n in code_list_names(data.get(file) or read_document(file).data)}
        except UserError:
            continue  # reported as an error of that protocol
    codelists = folder / "codelists"
    for name in available_lists([codelists]):
        if name not in used:
            yield Problem(str(codelists / f"{name}.csv"), "no protocol uses this code list")
