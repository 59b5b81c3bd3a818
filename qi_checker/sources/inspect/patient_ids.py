"""Whether operations and events name patients alike, and what makes their ids agree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from qi_checker.protocol.mapping import ALL_BLANKS
from qi_checker.sources.expressions import MARKS
from qi_checker.sources.inspect.profiles import Profile, may_be_id
from qi_checker.sources.inspect.proposal import OPEN, Doubt, Path, Proposal
from qi_checker.sources.inspect.tables import InspectedTable
from qi_checker.sources.layout import BLANKS
from qi_checker.sources.raw import literal

if TYPE_CHECKING:
    import duckdb

_HARDLY_ANY = 0.05  # share of patients in both tables below which an id must be wrong

Side = tuple[InspectedTable, dict[str, Any]]  # a table and its block of the mapping


def about_ids(
    con: duckdb.DuckDBPyConnection,
    proposal: Proposal,
    cases: Side,
    events: Side,
    number: int,
) -> Iterator[Doubt]:
    """Ask whether patients' ids agree in both tables, and propose how to make them agree."""
    here, there = (_patients(seen, block) for seen, block in (cases, events))
    if here is None or there is None:
        return
    plain = shared_ids(con, here, there, "v", "v")
    if plain > 0.5:
        return
    if another := _another_id(con, proposal, cases, events, number, plain):
        yield another
        return
    best: tuple[float, str, str, Any, str] = (plain + 0.2, "", "", None, "")
    for kind, how in (("cases", _ways(con, there, here)), ("events", _ways(con, here, there))):
        for wording, change, sql in how:
            mine, other = (sql, "v") if kind == "cases" else ("v", sql)
            share = shared_ids(con, here, there, mine, other)
            if share > best[0]:
                best = (share, kind, wording, change, sql)
    share, kind, wording, change, _ = best
    if not kind:
        name = cases[1]["columns"]["patient_id"]
        if plain < _HARDLY_ANY:
            cases[1]["columns"]["patient_id"] = OPEN
        yield Doubt(
            _patient_path(proposal, "cases", 0),
            f"Only {plain:.0%} of the patients with an operation have an examination under the same "
            "id: is the id the same in both tables?",
            (("yes, the others have none", name), ("no", OPEN)),
            None if plain < _HARDLY_ANY else 0,
        )
        return
    block = (cases if kind == "cases" else events)[1]
    name = block["columns"]["patient_id"]
    block["columns"]["patient_id"] = {"column": name} | change
    if kind == "cases":
        proposal.patients = f"(SELECT DISTINCT {best[4]} AS v FROM {here} h)"
    yield Doubt(
        _patient_path(proposal, kind, number if kind == "events" else 0),
        f"Patients' ids have two shapes: {plain:.0%} are the same in both tables, and {share:.0%} if "
        f"{wording} in {(cases if kind == 'cases' else events)[0].table.title}. Is that right?",
        (("yes", block["columns"]["patient_id"]), ("no, leave them as they are", name)),
        0,
    )


def _patient_path(proposal: Proposal, kind: str, number: int) -> Path:
    several = isinstance(proposal.mapping[kind], list)
    return (kind, *((number,) if several else ()), "columns", "patient_id")


def about_ids_of_feed(
    con: duckdb.DuckDBPyConnection,
    proposal: Proposal,
    cases: Side,
    feed: Side,
    number: int,
) -> Iterator[Doubt]:
    """Ask about the ids of a further table of events, such as therapies.

    Few patients have such events, so it counts how many of *its* patients have an operation.
    """
    seen, block = feed
    here, there = proposal.patients or _patients(*cases), _patients(seen, block)
    if here is None or there is None:
        return
    plain = shared_ids(con, there, here, "v", "v")
    if plain >= _HARDLY_ANY:
        return
    name = block["columns"]["patient_id"]
    ways = _ways(con, here, there)
    shares = [(shared_ids(con, there, here, sql, "v"), n) for n, (_, _, sql) in enumerate(ways)]
    share, best = max(shares, key=lambda found: (found[0], -found[1]))
    if share > plain + 0.2:
        wording, change, _ = ways[best]
        block["columns"]["patient_id"] = {"column": name} | change
        question = f"and {share:.0%} if {wording}. Is that right?"
        answers = (("yes", block["columns"]["patient_id"]), ("no, leave them as they are", name))
    else:
        block["columns"]["patient_id"] = OPEN
        question = f"is {name} the id of the patient, as in {cases[0].table.title}?"
        answers = (("yes", name), ("no: the mapping is refused until one is named", OPEN))
    yield Doubt(
        _patient_path(proposal, "events", number),
        f"{plain:.0%} of the patients of {seen.table.title} have an operation: {question}",
        answers,
        0 if share > plain + 0.2 else None,
    )


def _another_id(
    con: duckdb.DuckDBPyConnection,
    proposal: Proposal,
    cases: Side,
    events: Side,
    number: int,
    plain: float,
) -> Doubt | None:
    """Use another column of patients' ids if that one is in both tables: a second register."""
    best: tuple[float, str, Profile] | None = None
    for kind, (seen, block), (other, there) in (
        ("cases", cases, events),
        ("events", events, cases),
    ):
        taken = {block["columns"].get("patient_id"), block["columns"].get("case_id")}
        wanted = _patients(other, there)
        for column in seen.table.columns:
            if column.name in taken or not may_be_id(column) or column.distinct < 3:
                continue
            found = distinct_ids(seen, column)
            here, far = (found, wanted) if kind == "cases" else (wanted, found)
            share = shared_ids(con, str(here), str(far), "v", "v")
            if share > max(0.5, plain + 0.2) and (best is None or share > best[0]):
                best = share, kind, column
    if best is None:
        return None
    share, kind, column = best
    seen, block = cases if kind == "cases" else events
    before = block["columns"]["patient_id"]
    block["columns"]["patient_id"] = column.name
    if column.name in seen.merged:
        block["fill_down"] = [*block.get("fill_down", ()), column.name]
    for part in proposal.parts:
        if part.title == seen.table.title:
            names = [before if name == column.name else name for name in part.unused]
            part.unused = names
    return Doubt(
        _patient_path(proposal, kind, number if kind == "events" else 0),
        f"{share:.0%} of the patients are in both tables by {column.name} of {seen.table.title}, "
        f"{plain:.0%} by {before}: is {column.name} the id of the patient?",
        (("yes", column.name), (f"no, {before}", before)),
        0,
    )


def _patients(seen: InspectedTable, block: dict[str, Any]) -> str | None:
    """Return a query of the distinct patient ids as `v`."""
    name = block["columns"].get("patient_id")
    if not isinstance(name, str) or name == OPEN:
        return None
    return distinct_ids(seen, seen.table.column(name))


def distinct_ids(seen: InspectedTable, column: Profile) -> str:
    """Return a query of a column's distinct values as `v`, without surrounding blanks and marks."""
    value = f"trim(k{column.place - 1}, {literal(BLANKS)})"
    if column.marked:
        value = f"regexp_replace({value}, {literal(MARKS)}, '\\1\\2')"
    return f"(SELECT DISTINCT {value} AS v FROM {seen.grid} WHERE {value} <> '')"


def shared_ids(
    con: duckdb.DuckDBPyConnection, here: str, there: str, own: str, other: str
) -> float:
    """Return the share of patients in `here` who are also in `there`."""
    query = (
        f"SELECT avg(CASE WHEN v IN (SELECT {other} FROM {there} t) THEN 1 ELSE 0 END) "
        f"FROM (SELECT {own} AS v FROM {here} h) m"
    )
    return float(con.execute(query).fetchall()[0][0] or 0)


def _ways(
    con: duckdb.DuckDBPyConnection, other: str, own: str
) -> list[tuple[str, dict[str, Any], str]]:
    """Return ways to rewrite ids: as wording, as keys of mapping.yaml, and as SQL."""
    counted = con.execute(
        f"SELECT length(v) FROM {other} o GROUP BY 1 ORDER BY count(*) DESC LIMIT 2"
    ).fetchall()
    lengths = [length for (length,) in counted if 2 <= length <= 40]
    added = "leading zeros are added up to {} characters"
    result: list[tuple[str, dict[str, Any], str]] = [
        (added.format(length), {"pad": length}, _padded("v", length)) for length in lengths
    ]
    result.append(("leading zeros are removed", {"strip": "leading zeros"}, "ltrim(v, '0')"))
    prefixes = _prefixes(con, own)
    for mark in ("-", " ", ".", "/", *prefixes):
        sql = f"replace(v, {literal(mark)}, '')"
        mark_is, strip = (f"{mark!r} is", mark) if mark != " " else ("blanks are", ALL_BLANKS)
        result.append((f"{mark_is} removed", {"strip": strip}, sql))
        if mark in prefixes:
            bare = {"strip": [mark, "leading zeros"]}
            result.append((f"{mark_is} removed, and leading zeros", bare, f"ltrim({sql}, '0')"))
        for length in lengths:
            wording = f"{mark_is} removed and {added.format(length)}"
            result.append((wording, {"strip": strip, "pad": length}, _padded(sql, length)))
    result.append(('".0" is removed', {"strip": ".0"}, "regexp_replace(v, '[.]0+$', '')"))
    return result


def _padded(sql: str, length: int) -> str:
    """Return the SQL of a text with leading zeros; `lpad` alone would cut a longer one."""
    return f"CASE WHEN length({sql}) < {length} THEN lpad({sql}, {length}, '0') ELSE {sql} END"


def _prefixes(con: duckdb.DuckDBPyConnection, own: str) -> list[str]:
    """Return a text that begins nearly every id, such as the code of a site: E1004000, MRN-1004000."""
    rows = con.execute(
        "SELECT b FROM (SELECT regexp_extract(v, '^([A-Za-z]{1,8}[-_ /.]?)[0-9]', 1) AS b, "
        f"count(*) / sum(count(*)) OVER () AS share FROM {own} o GROUP BY 1) g "
        "WHERE b <> '' AND share > 0.9"
    ).fetchall()
    return [str(prefix) for (prefix,) in rows]
