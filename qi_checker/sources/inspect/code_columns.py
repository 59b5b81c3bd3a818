"""Map columns of codes: their system and separator, and further columns of the same kind."""

from __future__ import annotations

import re
from dataclasses import replace as changed
from typing import Any

from qi_checker.sources.inspect.block import Block
from qi_checker.sources.inspect.code_systems import Codes, codes_in_text, codes_of, is_american
from qi_checker.sources.inspect.export_words import name_score
from qi_checker.sources.inspect.profiles import Profile


def add_codes(block: Block, role: str) -> None:
    """Map a column of codes, if its values have the shape of a code system."""
    if role not in block.roles:
        return
    column = block.roles[role][0]
    codes = codes_of(column) or codes_in_text(column, role)
    if codes is None:
        return
    block.used.add(column.name)
    source: dict[str, Any] = {"column": column.name}
    more = _more_codes(block, role, column, codes)
    if more:
        source = {"columns": [column.name, *(c.name for c, _ in more)]}
        block.used |= {c.name for c, _ in more}
        separators = {codes.separator, *(s for _, s in more)} - {""}
        codes = changed(codes, separator=min(separators, default=""))
    source |= _reading(codes)
    block.columns[role] = source if len(source) > 1 or more else column.name
    if more:
        others = ", ".join(c.name for c, _ in more)
        alone = {"column": column.name, "columns": None}
        block.ask(
            role,
            f"Codes of {role} are in {column.name} and in {others}: do all of them count?",
            [("yes", {}), (f"no, only {column.name}", alone)],
            0,
        )
    _ask_for_system(block, role, column, codes, source)


def _reading(codes: Codes) -> dict[str, Any]:
    """Return the keys of a mapping that say how codes are read."""
    keys: dict[str, Any] = {}
    if codes.separator:
        keys["list"] = codes.separator
    if codes.system:
        keys["system"] = codes.system
    if codes.strip:
        keys["strip"] = codes.strip[0] if len(codes.strip) == 1 else list(codes.strip)
    if codes.in_text:
        keys["in_text"] = True
    return keys


def _ask_for_system(
    block: Block, role: str, column: Profile, codes: Codes, source: dict[str, Any]
) -> None:
    """Ask for the system if several have codes of this shape."""
    if codes.system not in ("CPT", "SNOMED", "ICD-10"):
        return
    by_shape = {"CPT": ("CPT", "LOCAL"), "SNOMED": ("SNOMED", "LOCAL")}
    systems = by_shape.get(codes.system, ("ICD-10", "ICD-10-CM"))
    american = codes.system == "ICD-10" and is_american(block.columns)
    if american:
        source["system"] = "ICD-10-CM"
    block.ask(
        role,
        f"The codes {'in the texts ' if codes.in_text else ''}of {column.name} have the "
        f"shape of {codes.system}: which system are they from?",
        [(system, {"system": system}) for system in systems],
        int(american),
    )


def _more_codes(
    block: Block, role: str, column: Profile, codes: Codes
) -> list[tuple[Profile, str]]:
    """Return further columns with codes of the same kind, and the separator of each.

    Such as `OPS 2`, or secondary diagnoses. An empty column counts if its name differs in the
    number only. Any number of five digits has the shape of CPT (an account, a postcode), so numbers
    alone count only under a name of codes.
    """
    if role not in ("procedures", "diagnoses") or codes.in_text:
        return []
    stem = re.sub(r" ?\d+$", "", column.words)
    more = []
    for other in block.table.columns:
        if other.name in block.with_role or not (other.filled or _numbered(other, stem)):
            continue
        named = name_score(other, role) or name_score(other, "codes")
        if not named and other.filled and all(v.isdigit() for v, _ in other.values):
            continue
        others = codes_of(other)
        if others is None and not other.filled:
            more.append((other, ""))
        elif others is not None and not others.in_text and others.system == codes.system:
            more.append((other, others.separator))
    return more


def _numbered(column: Profile, stem: str) -> bool:
    return column.words != stem and re.sub(r" ?\d+$", "", column.words) == stem
