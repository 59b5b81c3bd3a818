"""Codes: the canonical form of a system's name and a code, and lists of codes.

Codes then match on (system, code), never on a display text: public data labels chest CT codes as
abdomen, and one national translation turned a liver MRI into a kidney MRI.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

# Names and URIs in use for one system. Sources: HL7 Terminology naming systems, DICOM PS3.16.
_SYSTEMS = {
    "LOINC": ("loinc", "http://loinc.org", "https://loinc.org", "ln"),
    "SNOMED": ("snomed", "snomed-ct", "snomedct", "snomed ct", "sct", "http://snomed.info/sct"),
    "ICD-10-CM": ("icd-10-cm", "icd10cm", "i10", "http://hl7.org/fhir/sid/icd-10-cm"),
    "ICD-10-PCS": (
        "icd-10-pcs",
        "icd10pcs",
        "http://hl7.org/fhir/sid/icd-10-pcs",
        "http://www.cms.gov/medicare/coding/icd10",
    ),
    # The German modification adds digits to some codes, but changes none in the lists here.
    "ICD-10": (
        "icd-10",
        "icd10",
        "http://hl7.org/fhir/sid/icd-10",
        "icd-10-gm",
        "icd10gm",
        "http://fhir.de/codesystem/bfarm/icd-10-gm",
    ),
    "ICD-10-CA": ("icd-10-ca", "icd10ca"),
    "CCI": ("cci", "canadian classification of health interventions"),
    "CPT": ("cpt", "cpt4", "cpt-4", "http://www.ama-assn.org/go/cpt"),
    "OPCS-4": ("opcs-4", "opcs4", "opcs"),
    "DCM": ("dcm", "http://dicom.nema.org/resources/ontology/dcm"),
    "ATC": ("atc", "http://www.whocc.no/atc", "https://www.whocc.no/atc"),
    "RADLEX": ("radlex", "http://radlex.org", "http://www.radlex.org"),
    "OPS": ("ops", "http://fhir.de/codesystem/bfarm/ops"),
    "CCAM": ("ccam",),
    "LOCAL": ("local",),  # a hospital's own codes, mapped to ours: docs/codes.md
}
SYSTEM_ALIASES = {alias: name for name, aliases in _SYSTEMS.items() for alias in aliases}
# The code given to an examination whose name says that it never counts, such as needle guidance.
# Every catalogue has it, whatever a hospital's own imaging.csv contains.
NEVER_EXAM = ("LOCAL", "EXAM-NEVER")
# Systems whose files write the same code with and without dots, hyphens and spaces.
DOTLESS = frozenset({"ICD-10-CM", "ICD-10-PCS", "ICD-10", "ICD-10-CA", "CCI", "OPCS-4", "OPS"})
PUNCTUATION = " .-^"


def canonical_system(name: str) -> str:
    """Map `http://loinc.org` and `loinc` to `LOINC`; an unknown name is only upper-cased."""
    plain = name.strip().rstrip("/").lower()
    return SYSTEM_ALIASES.get(plain, plain.upper())


def canonical_code(system: str, code: str) -> str:
    """Return the code in upper case, without optional punctuation of its system. `*` is kept."""
    plain = code.strip().upper()
    if system in DOTLESS:
        plain = "".join(c for c in plain if c not in PUNCTUATION)
    return plain


def split_codes(text: str | None) -> list[tuple[str, str]]:
    """Split codes separated by `;` into canonical pairs of system and code.

    `ICD-10-CM:C78.7;http://loinc.org:36267-3` -> [("ICD-10-CM", "C787"), ("LOINC", "36267-3")].
    The last colon separates system and code, since a URI contains colons itself; items without a
    system, or without a code, are left out.
    """
    result = []
    for item in (text or "").split(";"):
        system, colon, code = item.strip().rpartition(":")
        if colon and system.strip() and code.strip():
            name = canonical_system(system)
            result.append((name, canonical_code(name, code)))
    return result


@dataclass(frozen=True)
class CodeRow:
    """One line of a code list; a code that ends with `*` covers all codes with that prefix."""

    system: str
    code: str
    note: str = ""
    source: str = ""


@dataclass(frozen=True)
class CodeList:
    """A named list of canonical codes."""

    name: str
    rows: tuple[CodeRow, ...]
    exact: frozenset[tuple[str, str]] = field(init=False)
    prefixes: frozenset[tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        pairs = [(r.system, r.code) for r in self.rows]
        object.__setattr__(self, "exact", frozenset(p for p in pairs if not p[1].endswith("*")))
        starred = frozenset((s, c[:-1]) for s, c in pairs if c.endswith("*"))
        object.__setattr__(self, "prefixes", starred)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return system and code of every row, `*` included."""
        return tuple((row.system, row.code) for row in self.rows)

    def covers(self, system: str, code: str) -> bool:
        """Whether the list contains every code that a row of another list covers."""
        if not code.endswith("*"):
            return self.holds(system, code)
        return any(system == s and code[:-1].startswith(p) for s, p in self.prefixes)

    def holds(self, system: str, code: str) -> bool:
        """Whether a canonical code is in the list."""
        return (system, code) in self.exact or any(
            system == s and code.startswith(p) for s, p in self.prefixes
        )


@dataclass(frozen=True)
class ImagingCode:
    """The meaning of an imaging code by itself: a line of rules/codelists/imaging.csv."""

    system: str
    code: str
    modality: str
    region: str
    role: str
    note: str = ""


@dataclass(frozen=True)
class Catalogue:
    """Code lists and vocabularies that a protocol uses."""

    lists: dict[str, CodeList]
    imaging: tuple[ImagingCode, ...]
    regions: tuple[str, ...]
    modalities: tuple[str, ...]

    @cached_property
    def _imaging(self) -> dict[tuple[str, str], list[ImagingCode]]:
        lines: dict[tuple[str, str], list[ImagingCode]] = {}
        for line in self.imaging:
            lines.setdefault((line.system, line.code), []).append(line)
        return lines

    def imaging_of(self, code: tuple[str, str]) -> Sequence[ImagingCode]:
        """Return the lines of imaging.csv about a canonical code."""
        return self._imaging.get(code, ())
