"""Reading a protocol, and a site's settings, from YAML: everything that is wrong, at once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.catalogue import available_lists, load_catalogue
from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.cross_checks import (
    check_code_lists,
    check_events,
    check_ids,
    check_versions,
    code_list_names,
)
from qi_checker.protocol.explain import build
from qi_checker.protocol.models import Protocol
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.site import Site
from qi_checker.protocol.site_checks import check_site
from qi_checker.protocol.yaml_read import read_document


def load_protocol(path: str | Path) -> Bundle:
    """Read a protocol: its folder, or its YAML file.

    Returns the checked protocol with the code lists it names and the SHA-256 over all of these
    files. Code lists come from `codelists` beside the protocol's folder, else from those that
    come with the program. Raises UserError with every problem found.
    """
    file = protocol_file(Path(path))
    document = read_document(file)
    complaints = Complaints(document)
    data = complaints.mapping()
    protocol = build(Protocol, complaints, data)
    folders = code_list_folders(file)
    loaded = load_catalogue(folders, (name for _, name in code_list_names(data)))
    check_versions(data, complaints)
    check_ids(data, complaints)
    check_code_lists(data, available_lists(folders), complaints)
    check_events(data, loaded.catalogue, complaints)
    problems = [*complaints.problems(), *loaded.problems]
    if protocol is None or problems:
        raise UserError(problems)
    sha256 = _sha256([("protocol.yaml", document.content), *loaded.parts])
    return Bundle(protocol, loaded.catalogue, sha256, file)


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
    """The YAML file of a protocol that is named by its folder or by the file itself."""
    if not path.is_dir():
        return path
    file = path / "protocol.yaml"
    if not file.is_file():
        inner = sorted(str(f.parent) for f in path.glob("*/protocol.yaml"))
        mend = f"Name one of its protocols: {', '.join(inner)}" if inner else ""
        raise UserError(Problem(str(path), "this folder holds no protocol.yaml", mend=mend))
    return file


def code_list_folders(protocol: Path) -> list[Path]:
    """Where the code lists of a protocol are looked for, in this order."""
    beside = Path(os.path.normpath(protocol.parent / ".." / "codelists"))
    shipped = rules_dir() / "codelists"
    same = beside.is_dir() and beside.resolve() == shipped.resolve()
    return [beside] if same else [beside, shipped]


def _sha256(parts: Iterable[tuple[str, bytes]]) -> str:
    """One hash over named files; lengths keep the end of one apart from the start of the next."""
    total = hashlib.sha256()
    for name, content in parts:
        total.update(f"{name}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()
