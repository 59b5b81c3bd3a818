"""Recognise which code system the codes of a column are from, by their shape."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from qi_checker.protocol.code_shapes import IN_TEXT, SHAPES
from qi_checker.protocol.codes import SYSTEM_ALIASES
from qi_checker.sources.inspect.export_words import name_score
from qi_checker.sources.inspect.profiles import Profile

_SYSTEMS = {
    # from the most specific shape to the least
    "CCI": r"\d\.[A-Z]{2}\.\d{2}.*",
    "CCAM": r"[A-Z]{4}\d{3}",
    "OPS": r"[1-9]-\d{2,3}[0-9a-z]?(\.[0-9a-z]{1,3})?#?",
    "LOINC": r"\d{1,5}-\d",
    "ICD-10-PCS": r"(?=[A-Z0-9]*[A-Z])(?=[A-Z0-9]*\d)[0-9A-HJ-NP-Z]{7}",
    "OPCS-4": r"[A-HJ-Z]\d{2}\.[0-9]",
    "ICD-10": r"[A-Z]\d{2}(\.[0-9A-Z]{1,4})?[+*!-]?",
    "CPT": r"\d{4}[0-9AFTU]",
    "SNOMED": r"[1-9]\d{5,17}",
}
_LISTS = (";", ",", "|", "/", "~")
OF_PROCEDURES = ("CPT", "OPS", "CCAM", "CCI", "ICD-10-PCS", "OPCS-4")
OF_DIAGNOSES = ("ICD-10", "ICD-10-CM", "ICD-10-CA")
AMERICAN = {"CPT", "ICD-10-PCS"}  # systems that only hospitals in the United States use


@dataclass(frozen=True)
class Codes:
    """The code system of a column of codes, and the separator of several codes in one cell."""

    system: str = ""  # empty if each code names its own
    separator: str = ""
    share: float = 0.0
    strip: tuple[str, ...] = ()  # suffixes of codes
    in_text: bool = False  # codes are inside free text


def codes_of(column: Profile) -> Codes | None:
    """Detect the codes of a column; None if it contains none."""
    texts = [v for v, _ in column.values]
    if not texts:
        return None
    separator = next((s for s in _LISTS if sum(s in t for t in texts) > 0.02 * len(texts)), "")
    items = [i.strip() for t in texts for i in (t.split(separator) if separator else [t])]
    items = [i for i in items if i]
    named = [i for i in items if i.rpartition(":")[0].strip().lower() in SYSTEM_ALIASES]
    if len(named) > 0.8 * len(items):
        return Codes("", "" if separator == ";" else separator, len(named) / len(items))
    # German hospitals append to a diagnosis how certain it is. G is certain and is removed; V
    # (suspected), Z (former) and A (excluded) stay, so that no code list matches them.
    # The side of an operation (R, L, B) does not change its code.
    strip: tuple[str, ...] = ()
    if any(i.endswith(" G") for i in items):
        strip = (" G",)
        items = [re.sub(" [GVZA]$", "", i) for i in items]
    elif sided := [i for i in items if re.fullmatch(r"\d-.+:[RLB]", i)]:
        strip = tuple(sorted({i[-2:] for i in sided} | {":B", ":L", ":R"}))
        items = [re.sub(":[RLB]$", "", i) for i in items]
    for system, pattern in _SYSTEMS.items():
        if system == "ICD-10" and re.search(r"\b(diag\w*|dx|icd|cim)\b|diagnose", column.words):
            pattern = pattern.replace(r"\.", r"\.?")  # C787, if the name leaves no doubt
        # Any long number has the shape of SNOMED CT; its check digit tells.
        checked = SHAPES[system] if system in ("SNOMED", "LOINC") else lambda code: True
        fitting = sum(bool(re.fullmatch(pattern, i) and checked(i)) for i in items)
        if fitting > 0.8 * len(items):
            # ICD-10 and OPCS-4 have the same shape; the name of the column tells them apart.
            if system == "OPCS-4" and not re.search(r"opcs|proc|oper", column.words):
                system = "ICD-10"
            return Codes(system, "" if separator == ";" else separator, fitting / len(items), strip)
    return None


def codes_in_text(column: Profile, role: str) -> Codes | None:
    """Detect codes inside the texts of a column whose name suggests them: `... [C78.7]`."""
    systems = {
        "diagnoses": ("ICD-10",),
        "procedures": ("CPT", "OPS", "CCAM", "CCI", "ICD-10-PCS"),
    }.get(role, ())
    if not column.values or not name_score(column, role):
        return None
    for system in systems:
        code = re.compile(rf"\b(?=\S*\d){IN_TEXT[system]}\b")
        share = column.share_of({v for v, _ in column.values if code.search(v)})
        if share > 0.8:
            return Codes(system, share=share, in_text=True)
    return None


def is_american(columns: dict[str, Any]) -> bool:
    """Whether the procedures of a block are coded as in the United States."""
    source = columns.get("procedures")
    return isinstance(source, dict) and source.get("system") in AMERICAN
