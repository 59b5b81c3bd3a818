"""One case of a data set, judged: what `check`, `what-if` and `rules explain` begin with.

The rows of the case are taken out of the raw tables and judged; no query is planned for anything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from qi_checker.cases.raw_rows import Raw, Sieve, context_of_case, rows_of
from qi_checker.cases.rows import CaseRows, Origin, judged
from qi_checker.engines.duckdb.database import set_apart
from qi_checker.errors import Problem, UserError
from qi_checker.judging import CaseTrace, Judge
from qi_checker.judging.rows import UNREADABLE, Rejected, read_rows
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.date_format import ACCEPTED, written_as
from qi_checker.protocol.records import CASES, EVENTS, EXCEPTIONS, TABLES, Records
from qi_checker.protocol.site import Site


@dataclass(frozen=True)
class OneCase:
    """A case with its rows, and what judges it."""

    rows: CaseRows
    judge: Judge
    origin: Origin
    census: dict[str, tuple[int, int]]  # by table, how many rows were read and can be used

    @property
    def trace(self) -> CaseTrace:
        """Judge the case."""
        return judged(self.judge, self.rows)


def one_case(bundle: Bundle, records: Records, as_of: AsOf, site: Site, case_id: str) -> OneCase:
    """Find a case; UserError where there is none, saying whether its row was rejected."""
    set_apart(records)
    raw = Raw(records.con)
    cases = rows_of(raw, CASES, CASES.key, case_id)
    used, rejected = read_rows(CASES, cases, site)
    sieves = {table.name: Sieve(raw, table, site, as_of) for table in TABLES.values()}
    if not used:
        raise UserError(_absent(records, case_id, rejected, sieves[CASES.name]))
    row = next(cells for cells in cases if int(cells["_row"]) == used[0].number)
    patient = used[0].text("patient_id")
    full_until = _full_until(bundle, records, as_of, site) if site.completeness else {}
    context = context_of_case(
        sieves[EVENTS.name], sieves[EXCEPTIONS.name], patient, case_id, full_until
    )
    return OneCase(
        CaseRows(
            row,
            rows_of(raw, EVENTS, "patient_id", patient),
            rows_of(raw, EXCEPTIONS, "case_id", case_id),
        ),
        Judge.of(bundle, as_of, site, context),
        Origin(records.tables),
        {name: sieves[name].census for name in records.tables},
    )


def _full_until(bundle: Bundle, records: Records, as_of: AsOf, site: Site) -> dict[str, date]:
    """Which feeds are half empty: that takes the whole data set, read as for a query."""
    from qi_checker.engines.duckdb import prepared

    return dict(prepared(bundle, records, as_of, site).feeds.full_until)


def _absent(records: Records, case_id: str, rejected: Sequence[Rejected], sieve: Sieve) -> Problem:
    if not rejected:
        return no_such_case(records.tables[CASES.name].file, case_id, sieve.census[1])
    first = rejected[0]
    like = (r.row.text(r.column or "") for r in sieve.judged[1] if r.column == first.column)
    where = Origin(records.tables).row(CASES.name, first.row.number)
    return rejected_case(where, first.column, first.reason, written_as(like))


def no_such_case(file: str, case_id: str, used: int) -> Problem:
    """Say that there is no case of an id among those that can be used."""
    what = f"there is no case {case_id} among {used} cases"
    return Problem(file, what, "", "Look for the spelling in the column case_id")


def rejected_case(where: str, column: str | None, reason: str, written: str | None) -> Problem:
    """Say why the row of a case was rejected. written: the format that its dates seem to have."""
    hint = ""
    if reason == UNREADABLE:
        hint = f"It looks like {written}. " if written else ""
        hint += f"Accepted are {ACCEPTED}"
    what = f"the case was rejected: {reason}"
    return Problem(f"{where}, column {column}", what, hint, "Correct the row and export it again")
