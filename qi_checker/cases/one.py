"""One judged case of a data set, for `check`, `what-if` and `rules explain`.

The rows of the case are read from the tables and judged; no other query is planned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from qi_checker.cases.raw_rows import Raw, RawSieve, Sieve, context_of_case
from qi_checker.cases.rows import CaseRows, Origin, judged
from qi_checker.cases.text_rows import TextSieve, doubtful
from qi_checker.errors import Problem, UserError, count
from qi_checker.judging import CaseTrace, Judge
from qi_checker.judging.rows import UNREADABLE, Rejected, read_rows
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.records import CASES, EVENTS, EXCEPTIONS, TABLES, Records, TextTable
from qi_checker.protocol.site import Site


@dataclass(frozen=True)
class OneCase:
    """A case with its rows and its judge."""

    rows: CaseRows
    judge: Judge
    origin: Origin
    census: dict[str, tuple[int, int]]  # by table: number of rows read, and of usable rows

    @property
    def trace(self) -> CaseTrace:
        """Judge the case."""
        return judged(self.judge, self.rows)


def one_case(bundle: Bundle, records: Records, as_of: AsOf, site: Site, case_id: str) -> OneCase:
    """Find a case; raise UserError without one, with the reason if its row was rejected."""
    from qi_checker.engines.duckdb.database import set_apart  # loads DuckDB

    set_apart(records)
    raw = Raw(records.con)
    sieves = {name: RawSieve(table, site, as_of, raw) for name, table in TABLES.items()}
    full_until = _full_until(bundle, records, as_of, site) if site.completeness else {}
    return _found(bundle, Origin(records.tables), sieves, case_id, full_until)


def case_of_tables(
    bundle: Bundle, tables: Mapping[str, TextTable], as_of: AsOf, site: Site, case_id: str
) -> OneCase | None:
    """Find a case in small tables in memory; return None if that needs `one_case`.

    `one_case` is needed for feeds that may be half empty and for events that may be set apart.
    """
    if site.completeness or doubtful(tables[CASES.name], tables[EVENTS.name]):
        return None
    sieves = {name: TextSieve(TABLES[name], site, as_of, table) for name, table in tables.items()}
    origin = Origin({name: table.raw for name, table in tables.items()})
    return _found(bundle, origin, sieves, case_id, {})


def _found(
    bundle: Bundle,
    origin: Origin,
    sieves: Mapping[str, Sieve],
    case_id: str,
    full_until: dict[str, date],
) -> OneCase:
    all_cases, all_events, all_exceptions = (sieves[t.name] for t in (CASES, EVENTS, EXCEPTIONS))
    as_of, site = all_cases.as_of, all_cases.site
    cases = all_cases.rows_of(CASES.key, case_id)
    used, rejected = read_rows(CASES, cases, site)
    if not used:
        raise UserError(_absent(origin, case_id, rejected, all_cases))
    row = next(cells for cells in cases if int(cells["_row"]) == used[0].number)
    patient = used[0].text("patient_id")
    context = context_of_case(all_events, all_exceptions, patient, case_id, full_until)
    return OneCase(
        CaseRows(
            row,
            all_events.rows_of("patient_id", patient),
            all_exceptions.rows_of("case_id", case_id),
        ),
        Judge.of(bundle, as_of, site, context),
        origin,
        {name: sieves[name].census for name in origin.tables},
    )


def _full_until(bundle: Bundle, records: Records, as_of: AsOf, site: Site) -> dict[str, date]:
    """Return which feeds are half empty; this needs the whole data set, read as for a query."""
    from qi_checker.engines.duckdb import prepared

    return dict(prepared(bundle, records, as_of, site).feeds.full_until)


def _absent(origin: Origin, case_id: str, rejected: Sequence[Rejected], sieve: Sieve) -> Problem:
    if not rejected:
        return no_such_case(origin.tables[CASES.name].file, case_id, sieve.census[1])
    from qi_checker.protocol.date_format import written_as  # a found case needs none of it

    first = rejected[0]
    like = (r.row.text(r.column or "") for r in sieve.judged[1] if r.column == first.column)
    where = origin.row(CASES.name, first.row.number)
    return rejected_case(where, first.column, first.reason, written_as(like))


def no_such_case(file: str, case_id: str, used: int) -> Problem:
    """Return the problem that no usable case has this id."""
    what = f"there is no case {case_id} among {count(used, 'case')}"
    return Problem(file, what, "", "Look for the spelling in the column case_id")


def rejected_case(where: str, column: str | None, reason: str, written: str | None) -> Problem:
    """Return the problem of a rejected case. written: the apparent format of its dates."""
    from qi_checker.protocol.date_format import ACCEPTED

    hint = ""
    if reason == UNREADABLE:
        hint = f"It looks like {written}. " if written else ""
        hint += f"Accepted are {ACCEPTED}"
    what = f"the case was rejected: {reason}"
    return Problem(f"{where}, column {column}", what, hint, "Correct the row and export it again")
