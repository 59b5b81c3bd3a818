"""Checks that involve more than one key of a protocol. `check_protocol` runs all of them."""

from __future__ import annotations

from typing import Any

from qi_checker.protocol.checks.names import (
    check_code_lists,
    check_columns,
    check_references,
    check_selector,
)
from qi_checker.protocol.checks.parts import (
    mappings,
    requirement_parts,
    selector_parts,
    window_parts,
)
from qi_checker.protocol.checks.versions import check_combinations, check_ids, check_versions
from qi_checker.protocol.checks.windows import check_window
from qi_checker.protocol.codes import Catalogue
from qi_checker.protocol.complaints import Complaints


def check_protocol(
    data: dict[str, Any], catalogue: Catalogue, available: tuple[str, ...], complaints: Complaints
) -> None:
    """Complain about every error that involves several parts of a protocol.

    `available` are the names of all code lists; the catalogue holds only those that are used.
    """
    check_versions(data, complaints)
    check_ids(data, complaints)
    check_code_lists(data, available, complaints)
    check_references(data, complaints)
    for version_path, version in mappings(data, "versions"):
        check_columns(version, version_path, complaints)
        for path, requirement in requirement_parts(version, version_path):
            for inner, event in selector_parts(requirement, path):
                check_selector(event, inner, catalogue, complaints)
            for inner, window in window_parts(requirement, path):
                check_window(window, inner, complaints)
            check_combinations(requirement, path, catalogue, complaints)
