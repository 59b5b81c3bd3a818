"""Count the records before any case is evaluated: a few passes of SQL, nothing is kept.

All access to rows is here and in `count_events`, `count_operations`, `count_patients` and
`count_mistaken`; the other modules decide in plain Python what the counts mean. The tables are those prepared by
`engines/inputs`, so DuckDB, PostgreSQL and Spark count alike.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping

from qi_checker.engines.inputs.database import Database
from qi_checker.engines.inputs.needs import Needs
from qi_checker.engines.inputs.task import Prepared
from qi_checker.plausibility.count_events import put_events, weeks
from qi_checker.plausibility.count_mistaken import count_mistaken
from qi_checker.plausibility.count_operations import case_weeks, put_operations, weekdays
from qi_checker.plausibility.count_patients import patients
from qi_checker.plausibility.measures import Codes, Measures, Profile, Rejects
from qi_checker.plausibility.sample import Sample
from qi_checker.protocol.codes import SYSTEM_ALIASES

_CODES = 20_000  # distinct codes checked per column, the most frequent first


def measure(db: Database, needs: Needs, prepared: Prepared, files: Mapping[str, str]) -> Measures:
    """Count the records that `prepare` loaded."""
    sample = Sample(db, needs, prepared)
    catalogue = needs.catalogue
    profiles = list(_profiles(sample))
    series = put_events(sample, profiles)
    put_operations(sample)
    scopes = [scope for compiled in needs.protocols for scope in compiled.scopes]
    listed = {row.system for codelist in catalogue.lists.values() for row in codelist.rows}
    listed |= {code.system for code in catalogue.imaging}
    return Measures(
        as_of=needs.as_of.date,
        one_in=sample.one_in,
        census=prepared.census,
        files=files,
        rejects=list(_rejects(sample)),
        profiles=profiles,
        weeks=list(weeks(sample, series)),
        cases=list(case_weeks(sample)),
        codes=list(_codes(sample)),
        patients=patients(sample),
        exceptions=_exceptions(sample),
        kinds=frozenset(leaf.event.kind for scope in scopes for leaf in scope.questions),
        needed=frozenset(leaf.event.kind for scope in scopes for leaf in scope.leaves),
        required=frozenset(
            word for scope in scopes for leaf in scope.leaves for word in leaf.event.modality or ()
        ),
        weekdays=weekdays(sample),
        mistaken=count_mistaken(sample, series),
        modalities=frozenset(catalogue.modalities),
        regions=frozenset(catalogue.regions),
        systems=frozenset(listed | {*SYSTEM_ALIASES.values()}),
        written=prepared.written,
    )


def _rejects(sample: Sample) -> Iterator[Rejects]:
    parts = [
        f"SELECT '{name}', col, reason, same, count(*) FROM rejected_{name} GROUP BY 2, 3, 4"
        for name in sample.prepared.census
    ]
    for row in sample.db.rows(" UNION ALL ".join(parts)):
        yield Rejects(str(row[0]), str(row[1]), str(row[2]), bool(row[3]), int(row[4]))


def _profiles(sample: Sample) -> Iterator[Profile]:
    rows = sample.db.rows(
        "SELECT profile, kind, status, provenance, events, said_modalities, said_regions, "
        "code_modalities, code_regions, coded FROM event_profiles"
    )
    for number, kind, status, provenance, events, *lists, coded in rows:
        said_modalities, said_regions, code_modalities, code_regions = (
            tuple(map(str, () if words is None else words)) for words in lists
        )
        yield Profile(
            int(number),
            kind or "",
            status or "",
            provenance or "",
            int(events),
            said_modalities,
            said_regions,
            code_modalities,
            code_regions,
            bool(coded),
        )


def _codes(sample: Sample) -> Iterator[Codes]:
    db = sample.db
    texts = " UNION ALL ".join(
        f"SELECT '{column}' AS col, {db.as_text(column)} AS text, {number} AS n "
        f"FROM {table} WHERE {db.as_text(column)} <> '' {group}"
        for column, table, number, group in (
            ("procedures", "raw_cases", "count(*)", "GROUP BY 2"),
            ("diagnoses", "raw_cases", "count(*)", "GROUP BY 2"),
            ("codes", "looks", "sum(events)", "GROUP BY 2"),
        )
    )
    system, code = db.part("item", "^(.*):[^:]*$"), db.part("item", "^.*:([^:]*)$")
    rows = db.rows(f"""
        SELECT col, lower(coalesce({db.trim(system)}, '')),
               coalesce(nullif(upper({db.trim(code)}), ''), upper({db.trim("item")})),
               CAST(sum(n) AS BIGINT)
        FROM (SELECT col, n, {db.pieces("text")} AS item FROM ({texts}) t) i
        WHERE {db.trim("item")} <> '' GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT {_CODES}""")
    for column, name, text, number in rows:
        yield Codes(str(column), str(name), str(text), int(number))


def _exceptions(sample: Sample) -> tuple[int, int, int]:
    """Count exceptions: all, those of an unknown operation, those of a misspelt requirement."""
    scopes = [scope for compiled in sample.needs.protocols for scope in compiled.scopes]
    ids = {leaf.id for scope in scopes for leaf in scope.leaves}
    rows = sample.db.rows("""
        SELECT x.requirement, count(*), count(*) FILTER (WHERE c.case_id IS NULL)
        FROM ready_exceptions x LEFT JOIN
             (SELECT DISTINCT case_id FROM ready_cases) c ON c.case_id = x.case_id
        GROUP BY 1""")
    counts = [(str(name), int(number), int(unknown)) for name, number, unknown in rows]
    misspelt = sum(n for name, n, _ in counts if name not in ids and _nearly(name, ids))
    return sum(n for _, n, _ in counts), sum(n for _, _, n in counts), misspelt


def _nearly(name: str, ids: Collection[str]) -> bool:
    """Whether a name is spelt almost like one of these ids, or has a word of one."""
    words = set(re.findall(r"[^\W_]+", name.lower()))
    return any(words & set(re.findall(r"[^\W_]+", id.lower())) for id in ids) or bool(
        difflib.get_close_matches(name.lower(), [id.lower() for id in ids], 1)
    )
