"""Codes that cannot be valid: typing errors that check digits and lengths reveal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from qi_checker.errors import Problem
from qi_checker.protocol.codes import SYSTEM_ALIASES, Catalogue

# The system name of a hospital's own codes in a code list; site settings map to them.
_OWN = "LOCAL"

# Verhoeff's tables, from the SNOMED CT Technical Implementation Guide.
_PERMUTE = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def suspicious_codes(catalogue: Catalogue) -> Iterator[Problem]:
    """Yield the codes in lists and in imaging.csv that are not valid in their system."""
    for name, codes in catalogue.lists.items():
        yield from _suspicious(f"{name}.csv", ((row.system, row.code) for row in codes.rows))
    yield from _suspicious("imaging.csv", ((row.system, row.code) for row in catalogue.imaging))


def _suspicious(file: str, codes: Iterable[tuple[str, str]]) -> Iterator[Problem]:
    unknown: set[str] = set()
    for system, code in codes:
        shape = SHAPES.get(system)
        if system not in (*SYSTEM_ALIASES.values(), _OWN, *unknown):
            unknown.add(system)
            why = "Records match only if they spell the name in the same way"
            yield Problem(file, f"the code system {system} is not known", why)
        if shape and not code.endswith("*") and not shape(code):
            yield Problem(
                file, f"{system} {code} is no code of {system}", "Check it for a typing error"
            )


def _is_loinc(code: str) -> bool:
    """Whether it is digits, a hyphen and a Luhn check digit, as LOINC's guide specifies."""
    if not re.fullmatch(r"[0-9]{1,7}-[0-9]", code):
        return False
    digits = [int(d) for d in code.replace("-", "")]
    doubled = [sum(divmod(2 * d, 10)) if n % 2 else d for n, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _is_snomed(code: str) -> bool:
    """Whether it is six to eighteen digits, the last one a Verhoeff check digit."""
    if not re.fullmatch(r"[1-9][0-9]{5,17}", code):
        return False
    check = 0
    for n, digit in enumerate(reversed(code)):
        value = int(digit)
        for _ in range(n % 8):
            value = _PERMUTE[value]
        check = _dihedral(check, value)
    return check == 0


def _dihedral(a: int, b: int) -> int:
    """Multiply in the symmetry group of a pentagon: 0-4 are rotations, 5-9 reflections."""
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b - 5) % 5
    return 5 + (a - 5 - b) % 5 if b < 5 else (a - b) % 5


SHAPES: dict[str, Callable[[str], object]] = {
    "LOINC": _is_loinc,
    "SNOMED": _is_snomed,
    # Seven characters; the letters I and O are never used, since they look like digits.
    "ICD-10-PCS": re.compile(r"[0-9A-HJ-NP-Z]{7}").fullmatch,
    "ICD-10-CM": re.compile(r"[A-Z][0-9][0-9A-Z]{1,5}").fullmatch,
    "ICD-10": re.compile(r"[A-Z][0-9]{2,4}").fullmatch,
    # A group of any level: main group, therapeutic, pharmacological, chemical, substance.
    "ATC": re.compile(r"[A-Z]([0-9]{2}([A-Z]([A-Z]([0-9]{2})?)?)?)?").fullmatch,
    "CPT": re.compile(r"[0-9]{4}[0-9A-Z]").fullmatch,
    "OPCS-4": re.compile(r"[A-Z][0-9]{2,3}").fullmatch,
}

# The shape of a system's codes inside free text, for regular expressions without look-around.
_ICD = r"[A-Z][0-9]{2}(?:[.]?[0-9A-Z]{1,4})?"
IN_TEXT = {
    "CPT": r"[0-9]{4}[0-9AFTU]",
    "OPS": r"[1-9]-[0-9]{2,3}[0-9a-z]?(?:[.][0-9a-z]{1,3})?",
    "CCAM": r"[A-Z]{4}[0-9]{3}",
    "CCI": r"[0-9][.][A-Z]{2}[.][0-9]{2}(?:[.-][A-Z0-9]{2})*",
    "ICD-10-PCS": r"[0-9A-HJ-NP-Z]{7}",
    "OPCS-4": r"[A-HJ-Z][0-9]{2}[.]?[0-9]?",
    "ICD-10": _ICD,
    "ICD-10-CM": _ICD,
    "SNOMED": r"[1-9][0-9]{5,17}",
    "LOINC": r"[0-9]{1,5}-[0-9]",
}
