"""Read a protocol and a site's settings from YAML; all errors are reported together."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.catalogue import CodeLists
from qi_checker.protocol.checks import check_protocol
from qi_checker.protocol.checks.parts import code_list_names
from qi_checker.protocol.checks.site import check_site
from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.explain import build
from qi_checker.protocol.models import Protocol
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.site import Site
from qi_checker.protocol.yaml_nodes import Document
from qi_checker.protocol.yaml_read import read_document


@dataclass(frozen=True)
class Loaded:
    """A protocol, and the file it was read from, with the position of every key."""

    bundle: Bundle
    document: Document


def load_protocol(path: str | Path) -> Bundle:
    """Read a protocol: its folder, or its YAML file.

    Returns the checked protocol with the code lists it names and the SHA-256 over all of these
    files. Code lists come from `codelists` beside the protocol's folder, else from those shipped
    with the program. Raises UserError with every problem found.
    """
    file = protocol_file(Path(path))
    return load_file(file, CodeLists(code_list_folders(file))).bundle


def load_rulebook(folder: str | Path) -> list[Bundle]:
    """Read every protocol in a folder, in the order of their names.

    Raises UserError with every problem of every protocol, and if there is no protocol.
    """
    found, problems = read_rulebook(folder)
    if problems:
        raise UserError(problems)
    return [loaded.bundle for loaded in found]


def read_rulebook(folder: str | Path) -> tuple[list[Loaded], list[Problem]]:
    """Return the valid protocols of a folder, and every problem of the others.

    Code lists are read once for all of them.
    """
    files = sorted(Path(folder).glob("*/protocol.yaml"))
    if not files:
        advice = "Give a folder that holds one folder for each protocol"
        raise UserError(Problem(str(folder), "there is no protocol", advice=advice))
    lists = CodeLists(code_list_folders(files[0]))
    result: list[Loaded] = []
    problems: dict[
        Problem, None
    ] = {}  # without duplicates: an invalid code list is an error in every protocol
    for file in files:
        try:
            result.append(load_file(file, lists))
        except UserError as error:
            problems |= dict.fromkeys(error.problems)
    return result, list(problems)


def load_file(file: Path, lists: CodeLists) -> Loaded:
    """Read one file with the code lists it may name. UserError with every problem found."""
    document = read_document(file)
    complaints = Complaints(document)
    data = complaints.mapping()
    protocol = build(Protocol, complaints, data)
    loaded = lists.load(name for _, name in code_list_names(data))
    check_protocol(data, loaded.catalogue, lists.names, complaints)
    problems = [*complaints.problems(), *loaded.problems]
    if protocol is None or problems:
        raise UserError(problems)
    sha256 = _sha256([("protocol.yaml", document.content), *loaded.parts])
    return Loaded(Bundle(protocol, loaded.catalogue, sha256, file), document)


def load_site(path: str | Path) -> Site:
    """Read a site's settings. Raises UserError with every problem found."""
    complaints = Complaints(read_document(Path(path)))
    data = complaints.mapping()
    site = build(Site, complaints, data)
    check_site(data, complaints)
    complaints.raise_if_any()
    assert site is not None
    return site


def protocol_file(path: Path) -> Path:
    """Return the YAML file of a protocol, given its folder or the file itself."""
    if not path.is_dir():
        return path
    file = path / "protocol.yaml"
    if not file.is_file():
        inner = sorted(str(f.parent) for f in path.glob("*/protocol.yaml"))
        advice = f"Name one of its protocols: {', '.join(inner)}" if inner else ""
        raise UserError(Problem(str(path), "this folder holds no protocol.yaml", advice=advice))
    return file


def code_list_folders(protocol: Path) -> list[Path]:
    """Return the folders that are searched for a protocol's code lists, in order."""
    beside = Path(os.path.normpath(protocol.parent / ".." / "codelists"))
    shipped = rules_dir() / "codelists"
    same = beside.is_dir() and beside.resolve() == shipped.resolve()
    return [beside] if same else [beside, shipped]


def _sha256(parts: Iterable[tuple[str, bytes]]) -> str:
    """Hash named files; lengths separate the end of one from the start of the next."""
    total = hashlib.sha256()
    for name, content in parts:
        total.update(f"{name}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()
