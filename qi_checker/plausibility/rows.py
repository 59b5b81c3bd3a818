"""Check rows, words and codes: what cannot be used, and what is unknown."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from qi_checker.plausibility.judged import Judge, parts
from qi_checker.plausibility.measures import USUAL_KINDS, Measures, Profile
from qi_checker.protocol.code_shapes import SHAPES
from qi_checker.protocol.codes import canonical_code, canonical_system
from qi_checker.protocol.date_format import ACCEPTED
from qi_checker.protocol.plausible import Level
from qi_checker.protocol.plausible_findings import Finding

UNREADABLE = "unreadable date"
EXTERNAL_UNDATED = "external study without an acquisition date"
_NEEDED = ("cases", "events")
_LIKE = 0.75  # minimum similarity of two words
_REASONS = {
    UNREADABLE: "no readable date",
    "unknown word": "an unknown word",
    "missing value": "empty",
    "duplicate id": "a duplicate",
}
# Systems of procedures and of diagnoses: in the other column they look swapped.
_OF = {
    "procedures": frozenset({"ICD-10-PCS", "CCI", "CPT", "OPCS-4"}),
    "diagnoses": frozenset({"ICD-10", "ICD-10-CM", "ICD-10-CA"}),
}


def check_rows(m: Measures, judge: Judge) -> Iterator[Finding]:
    """Check how much of the tables can be used."""
    for name in _NEEDED:
        census = m.census[name]
        if not census.used:
            words = "the table has no row"
            if census.read:
                words = f"none of the {census.read:,} rows can be used" + _dates_of(m, name)
            yield from judge.number("empty", name, "", 0, census.read, 1, words)
    for name, census in m.census.items():
        own = [r for r in m.rejects if r.table == name]
        homeless = sum(r.number for r in own if r.column == "patient_id" and not r.same)
        torn = census.torn + homeless
        words = f"{parts(torn, census.read)} rows are torn or name no patient" if torn else ""
        yield from judge.share("torn", name, "", torn, census.read, words)
        repeated = sum(r.number for r in own if r.same)
        words = f"{parts(repeated, census.read)} rows repeat another one" if repeated else ""
        yield from judge.share("repeated", name, "", repeated, census.read, words)
        # An outside study with an unknown day is a known gap, and counted as such.
        bad = [r for r in own if not r.same and r.reason != EXTERNAL_UNDATED]
        rejected = sum(r.number for r in bad) - homeless
        if rejected:
            worst = max(bad, key=lambda r: r.number)
            words = f"{parts(rejected, census.read)} rows were rejected"
            words += f"; in {worst.number:,}, {worst.column} is "
            words += _REASONS.get(worst.reason, worst.reason)
            words += _dates_of(m, name, worst.column) if worst.reason == UNREADABLE else ""
            column = worst.column
            yield from judge.share("rejected", name, column, rejected, census.read, words, 3)
    operations = sum(w.number for w in m.cases)
    same = m.patients.same_operation
    if same:
        words = f"{parts(same, operations)} operations are of a patient and day of another row"
        yield from judge.share("same_operation", "cases", "case_id", same, operations, words)


def _dates_of(m: Measures, table: str, column: str = "") -> str:
    """Describe the likely format of unreadable dates, and the accepted ones."""
    for (name, named), written in sorted(m.written.items()):
        if name == table and column in ("", named):
            return f". The dates of {named} look like {written}; accepted are {ACCEPTED}"
    return f"; accepted are {ACCEPTED}" if column else ""


def check_words(m: Measures, judge: Judge) -> Iterator[Finding]:
    """Check for words outside the vocabularies; they are never printed: one may be a name."""
    columns: tuple[tuple[str, str, frozenset[str]], ...] = (
        ("modality", "modalities", m.modalities),
        ("region", "regions", m.regions),
    )
    imaging = [p for p in m.profiles if p.kind == "imaging"]
    for column, name, known in columns:
        given = [p for p in imaging if getattr(p, name)]
        of = sum(p.events for p in given)
        strange = sum(p.events for p in given if not set(getattr(p, name)) <= known)
        if strange:
            words = f"{parts(strange, of)} values are outside the vocabulary"
            yield from judge.share("words", "events", column, strange, of, words)
    of = sum(p.events for p in m.profiles)
    strange = sum(p.events for p in m.profiles if p.provenance not in ("", "internal", "external"))
    if strange:
        words = f"{parts(strange, of)} values are outside the vocabulary"
        yield from judge.share("words", "events", "provenance", strange, of, words)
    yield from _exchanged_words(m, judge, imaging)
    for column, said, coded in (
        ("modality", "modalities", "code_modalities"),
        ("region", "regions", "code_regions"),
    ):
        both = [p for p in m.profiles if getattr(p, said) and getattr(p, coded)]
        of = sum(p.events for p in both)
        contradicting = sum(
            p.events for p in both if not set(getattr(p, said)) & set(getattr(p, coded))
        )
        if column == "modality":
            yield from _impossible(imaging, judge)
        if contradicting:
            words = f"{parts(contradicting, of)} events have another {column} than their code says"
            yield from judge.share("contradictions", "events", column, contradicting, of, words)


def _impossible(imaging: list[Profile], judge: Judge) -> Iterator[Finding]:
    """Check for scans that claim to be CT and MRI at once: no scanner is both."""
    of = sum(p.events for p in imaging if p.modalities)
    both = sum(p.events for p in imaging if {"CT", "MR"} <= set(p.modalities))
    if both:
        words = f"{parts(both, of)} events are CT and MR at once"
        yield from judge.share("contradictions", "events", "modality", both, of, words)


def check_kinds(
    m: Measures, judge: Judge, read: Collection[str], needed: Collection[str]
) -> Iterator[Finding]:
    """Check for kinds similar to one that a protocol reads, and for missing required kinds."""
    of = sum(p.events for p in m.profiles)
    counts: Counter[str] = Counter()
    for p in m.profiles:
        counts[p.kind] += p.events
    nearly = sum(
        n
        for kind, n in counts.items()
        if kind not in read and difflib.get_close_matches(kind, read, 1, _LIKE)
    )
    if nearly:
        words = f"{parts(nearly, of)} values are spelt almost like a required kind"
        yield from judge.share("kinds", "events", "kind", nearly, of, words, least=1)
    elif of and needed and not {*needed} & set(counts):
        wanted = " or ".join(sorted(needed))
        words = f"none of {of:,} events is of the kind {wanted}, which is required"
        strange = sum(n for kind, n in counts.items() if kind not in {*USUAL_KINDS, *read})
        if strange:
            words += f"; {parts(strange, of)} are of kinds that no protocol knows"
            yield from judge.share("kinds", "events", "kind", strange, of, words, least=1)
        elif judge.settings.of("kinds").warn is not None:
            # The hospital may not deliver them at all: the report says that there is no data.
            yield judge.finding("kinds", "events", "kind", 0, of, Level.WARN, words)


def _exchanged_words(m: Measures, judge: Judge, imaging: list[Profile]) -> Iterator[Finding]:
    of = sum(p.events for p in imaging if p.modalities or p.regions)
    turned = sum(
        p.events
        for p in imaging
        if (p.modalities or p.regions)
        and {w.lower() for w in p.modalities} <= m.regions
        and {w.upper() for w in p.regions} <= m.modalities
    )
    if of >= 5 and turned * 2 > of:
        words = f"modality and region look swapped in {parts(turned, of)} events"
        yield from judge.number("exchanged", "events", "modality", turned, of, turned, words)


def check_codes(m: Measures, judge: Judge) -> Iterator[Finding]:
    """Check for codes without a system, of an unknown one, or with the wrong shape."""
    for column in ("procedures", "diagnoses", "codes"):
        table = "events" if column == "codes" else "cases"
        items = [c for c in m.codes if c.column == column]
        of = sum(c.number for c in items)
        systems: Counter[str] = Counter()
        misshapen = shaped = 0
        for item in items:
            system = canonical_system(item.system) if item.system else ""
            systems[system] += item.number
            if shape := SHAPES.get(system):
                shaped += item.number
                misshapen += 0 if shape(canonical_code(system, item.code)) else item.number
        yield from _systems(m, judge, (table, column), systems, of)
        if misshapen:
            words = f"{parts(misshapen, shaped)} codes do not look like codes of their system"
            yield from judge.share("code_shape", table, column, misshapen, shaped, words)
    yield from _exchanged_codes(m, judge)


def _systems(
    m: Measures, judge: Judge, place: tuple[str, str], systems: Mapping[str, int], of: int
) -> Iterator[Finding]:
    bare = systems.get("", 0)
    unknown = sum(n for s, n in systems.items() if s and s not in m.systems)
    if bare + unknown:
        which = []
        if bare:
            which.append(f"{bare:,} have no system")
        if unknown:
            which.append(f"{unknown:,} a system that no code list knows")
        words = f"of {of:,} codes {' and '.join(which)}"
        yield from judge.share("codes", *place, bare + unknown, of, words)


def _exchanged_codes(m: Measures, judge: Judge) -> Iterator[Finding]:
    own, other = 0, 0
    for item in m.codes:
        if item.column in _OF and item.system:
            system = canonical_system(item.system)
            own += item.number if system in _OF[item.column] else 0
            there = "diagnoses" if item.column == "procedures" else "procedures"
            other += item.number if system in _OF[there] else 0
    if other >= 5 and other > own:
        words = f"procedures and diagnoses look swapped in {parts(other, own + other)} codes"
        yield from judge.number(
            "exchanged", "cases", "procedures", other, own + other, other, words
        )
