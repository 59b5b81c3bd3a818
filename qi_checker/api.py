"""The public API: read rules and settings from YAML; judge one case, or all cases of a hospital."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qi_checker.errors import PlausibilityWarning, Problem, UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.load import load_protocol, load_rulebook, load_site
from qi_checker.protocol.records import CASES, EVENTS
from qi_checker.protocol.site import Site

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from qi_checker.cases.case_actions import JudgedCase
    from qi_checker.engines.duckdb import Evaluation
    from qi_checker.judging import CaseTrace, Context
    from qi_checker.judging.rows import Row as UsedRow
    from qi_checker.render.views import Rate

__all__ = [
    "Result",
    "evaluate",
    "evaluate_rulebook",
    "judge",
    "load_protocol",
    "load_rulebook",
    "load_site",
]

Row = Mapping[str, Any]


# ---- one case ------------------------------------------------------------------------------------


def judge(
    protocol: Bundle | str | Path,
    case: Row,
    events: Iterable[Row],
    as_of: str | date | datetime,
    *,
    exceptions: Iterable[Row] = (),
    site: Site | Mapping[str, Any] | None = None,
    context: Context | Mapping[str, Any] | None = None,
) -> JudgedCase:
    """Judge one case in well under a millisecond, without a database.

    protocol: from `load_protocol`, or the path of one, which is read each time.
    case, events, exceptions: the operation, the events of its patient and its waivers, as dicts with
        the columns of the records contract (docs/records.md). Values are text, dates or None. `_row`
        may give the number of a row; without it events are numbered from 2. Names and words of a local
        export are not mapped here.
    as_of: the moment to judge for, in the time zone of the site; a date means its end.
    site: from `load_site`, or its keys as a dict. Without one dates are counted in UTC, with a warning.
    context: facts about the whole data set (`Result.context`), or their JSON. Without it the given
        events are the whole data set.

    Returns the trace: `.verdict`, `.findings`, `.actions`, and for each requirement every event that
    was considered, with the outcome, the reason and the deciding clause of each criterion. Raises
    UserError if the case cannot be used or an argument has the wrong type. Events that cannot be used
    may leave a requirement unknown, as in an audit.
    """
    from qi_checker.cases.case_actions import JudgedCase
    from qi_checker.judging import Judge
    from qi_checker.judging.context import context_of
    from qi_checker.judging.rows import read_rows

    bundle, where = _bundle(protocol), _site(site)
    moment = _moment(as_of, where)
    row = _case_row(case, where)
    rows = [_texts(f"events[{n}]", event) for n, event in enumerate(_each("events", events))]
    waivers = [_texts(f"exceptions[{n}]", x) for n, x in enumerate(_each("exceptions", exceptions))]
    if context is None:
        read = read_rows(EVENTS, rows, where)
        judge = Judge.of(
            bundle, moment, where, context_of(read[0], moment, where, bundle.catalogue, {})
        )
        judged = judge.case(row)
        history = judge.history_of(*read, judged.patient)
    else:
        judge = Judge.of(bundle, moment, where, _context(context, moment))
        judged = judge.case(row)
        history = judge.history(rows, judged.patient)
    trace = judge.trace(judged, history, judge.exceptions(waivers, judged))
    return JudgedCase.from_trace(trace, bundle.protocol)


def _case_row(case: Row, site: Site) -> UsedRow:
    """Read the case. Raise UserError if it cannot be used."""
    from qi_checker.judging.rows import fault_of, read_row

    row = read_row(CASES, _texts("case", case), 2, site)
    fault = fault_of(CASES, row)
    if fault is not None:
        raise UserError(Problem(f"case, column {fault[0]}", fault[1]))
    return row


def _context(given: Context | Mapping[str, Any], moment: AsOf) -> Context:
    """Read the context. Raise UserError if it is from after the judged moment."""
    from qi_checker.judging import Context

    known = given if isinstance(given, Context) else Context.from_json(_mapping("context", given))
    if known.as_of and AsOf.parse(known.as_of).date > moment.date:
        what = f"is of {known.as_of}, after the judged moment"
        raise UserError(Problem("context", what, "It contains facts that were not known then"))
    return known


def _each(name: str, rows: Any) -> Iterable[Any]:
    if isinstance(rows, str | bytes | Mapping) or not isinstance(rows, Iterable):
        raise UserError(_wrong(name, rows, "a list of dicts"))
    return rows


def _mapping(name: str, value: Any) -> Row:
    if not isinstance(value, Mapping):
        raise UserError(_wrong(name, value, "a dict"))
    return value


def _wrong(name: str, value: Any, wanted: str) -> Problem:
    return Problem(name, f"is of type {type(value).__name__}", advice=f"Give {wanted}")


def _texts(name: str, row: Row) -> dict[str, str | None]:
    """Convert every value of a row to text. Raise UserError for other types."""
    found: dict[str, str | None] = {}
    for column, value in _mapping(name, row).items():
        if value is None or isinstance(value, str):
            found[column] = value
        elif isinstance(value, date):
            found[column] = value.isoformat()
        elif column == "_row" and type(value) is int:
            found[column] = str(value)
        else:
            raise UserError(_wrong(f"{name}, column {column}", value, "text, a date or None"))
    return found


# ---- all cases -----------------------------------------------------------------------------------


class Result:
    """The result of an evaluation, with the columns of the output files.

    findings: one row per case and requirement, by case_id and requirement.
    cases: one row per case, by case_id.
    actions: every open action, the most urgent first.
    rejects: rows that could not be used: table, file, row (the first one is row 2, as under a
        header), column, id and reason.
    manifest: the sources of the numbers and how they add up, ready for JSON.
    rate: the share of compliant cases among the eligible ones, with its interval and bounds.

    Dates are datetime64 at midnight, local to the site; counts of days are Int64; the rest is text.
    The records stay in memory as long as the result, so that `why` can explain each case.
    """

    findings: pd.DataFrame
    cases: pd.DataFrame
    actions: pd.DataFrame
    rejects: pd.DataFrame
    manifest: dict[str, Any]
    rate: Rate

    def __init__(self, done: Evaluation) -> None:
        from qi_checker.audit.provenance import manifest
        from qi_checker.audit.rates import rate

        self._done = done
        self.findings, self.cases, self.actions, self.rejects = _frames(done)
        self.manifest = manifest(done)
        self.rate = rate(done.summary())

    def __repr__(self) -> str:
        name, as_of = self.manifest["protocol"]["id"], self.manifest["as_of"]
        return f"<{name} as of {as_of}: {len(self.cases)} cases, {self.rate}>"

    @cached_property
    def _rows(self) -> Any:
        from qi_checker.cases.rows import DuckDBRows

        return DuckDBRows(self._done)

    @property
    def context(self) -> Context:
        """Return the facts about the whole data set, for `judge`."""
        context: Context = self._rows.context
        return context

    def why(self, case_id: str) -> CaseTrace:
        """Judge one case again and return its trace. Raise KeyError if there is no such case."""
        query = "SELECT case_key FROM ready_cases WHERE case_id = ?"
        keys = self._done.con.execute(query, [case_id]).fetchall()
        if not keys:
            raise KeyError(case_id)
        trace: CaseTrace = next(iter(self._rows.traces([keys[0][0]])))
        return trace

    @cached_property
    def sql(self) -> str:
        """Return the SQL statements of the evaluation, as printed by `rules sql`."""
        from qi_checker.query.printed import script

        return script(self._done.compiled, "duckdb")


def evaluate(
    protocol: Bundle | str | Path,
    cases: pd.DataFrame,
    events: pd.DataFrame,
    as_of: str | date | datetime,
    *,
    exceptions: pd.DataFrame | None = None,
    site: Site | Mapping[str, Any] | None = None,
) -> Result:
    """Evaluate a protocol for every case.

    protocol: from `load_protocol`, or the path of one.
    cases, events, exceptions: one row per operation, per event and per waiver, with the columns of
        the records contract (docs/evaluation.md). Ids and codes are text; dates are text, dates or
        datetimes. They are not changed.
    as_of: the moment to judge for, in the time zone of the site; a date means its end. A datetime
        with an offset is converted to that zone.
    site: from `load_site`, or its keys as a dict: `{"timezone": "America/Toronto"}`. Without one
        dates are counted in UTC, with a warning.

    Rows that cannot be used are in `rejects`; they never stop the others. Raises UserError with all
    problems if the frames, the site or the date cannot be used at all. A failure of the evaluation
    itself gives findings with the status `error`, and is listed under `failures` in the manifest.
    """
    bundle = _bundle(protocol)
    found = _evaluated([bundle], cases, events, as_of, exceptions, _site(site))
    return found[bundle.protocol.id]


def evaluate_rulebook(
    protocols: Sequence[Bundle | str | Path] | str | Path,
    cases: pd.DataFrame,
    events: pd.DataFrame,
    as_of: str | date | datetime,
    *,
    exceptions: pd.DataFrame | None = None,
    site: Site | Mapping[str, Any] | None = None,
) -> dict[str, Result]:
    """Evaluate several protocols for every case; the records are read once for all of them.

    protocols: from `load_rulebook` or the folder it would be given; or several protocols, each from
        `load_protocol` or the path of one.
    The other arguments are those of `evaluate`.

    Returns by the id of each protocol, in the order given, what `evaluate` says of it. Raises
    UserError as that does, and where two protocols have one id or mean different things by the same
    code list.
    """
    if isinstance(protocols, str | Path):
        bundles = load_rulebook(protocols)
    else:
        bundles = [_bundle(protocol) for protocol in _each("protocols", protocols)]
    return _evaluated(bundles, cases, events, as_of, exceptions, _site(site))


def _evaluated(
    protocols: Sequence[Bundle],
    cases: pd.DataFrame,
    events: pd.DataFrame,
    as_of: str | date | datetime,
    exceptions: pd.DataFrame | None,
    site: Site,
) -> dict[str, Result]:
    from qi_checker.engines.duckdb import evaluate_rulebook as evaluate_records
    from qi_checker.plausibility import PlausibilityChecks
    from qi_checker.sources.layout import check_site
    from qi_checker.sources.memory import from_frames

    check_site(site)
    tables = {"cases": cases, "events": events}
    if exceptions is not None:
        tables["exceptions"] = exceptions
    problems = [
        _wrong(name, table, "a DataFrame")
        for name, table in tables.items()
        if not hasattr(table, "columns")
    ]
    if problems:
        raise UserError(problems)
    moment = _moment(as_of, site)
    records = from_frames(tables, site=site)
    checks = PlausibilityChecks(site.checks, alone=len(protocols) == 1, refuses=False)
    done = evaluate_records(protocols, records, moment, site, checks=checks)
    results = {one.compiled.bundle.protocol.id: Result(one) for one in done}
    found = [line["message"] for one in results.values() for line in one.manifest["plausibility"]]
    for message in dict.fromkeys(found):
        warnings.warn(f"Check the records first: {message}", PlausibilityWarning, stacklevel=3)
    return results


# ---- arguments -----------------------------------------------------------------------------------


def _bundle(protocol: Any) -> Bundle:
    if isinstance(protocol, Bundle):
        return protocol
    if isinstance(protocol, str | Path):
        return load_protocol(protocol)
    raise UserError(_wrong("protocol", protocol, "what load_protocol returns, or a path"))


def _site(given: Any) -> Site:
    from pydantic import ValidationError

    if given is None:
        message = "no site is given: dates are counted in UTC. Give the hospital's time zone."
        warnings.warn(message, stacklevel=3)
        return Site(timezone="UTC")
    if isinstance(given, Site):
        return given
    if not isinstance(given, Mapping):
        raise UserError(_wrong("site", given, "what load_site returns, or a dict"))
    try:
        return Site.model_validate(given)
    except ValidationError as error:
        problems = [
            Problem(".".join(("site", *map(str, e["loc"]))), _message(e["type"], e["msg"]))
            for e in error.errors(include_url=False)
        ]
    raise UserError(problems)


def _message(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "is not a setting"
    return message.removeprefix("Value error, ")


def _moment(as_of: Any, site: Site) -> AsOf:
    if isinstance(as_of, datetime) and as_of.tzinfo is not None:
        as_of = as_of.astimezone(site.zone)
    if not isinstance(as_of, str | date) or as_of != as_of:  # NaT is no date
        raise UserError(_wrong("as_of", as_of, "a date, as 2026-02-01"))
    return AsOf.parse(as_of, option="as_of")


def _frames(done: Evaluation) -> tuple[pd.DataFrame, ...]:
    from qi_checker.cases.evaluated import ACTIONS, actions_in
    from qi_checker.engines.duckdb.evaluation import CASES_SQL, FINDINGS_SQL
    from qi_checker.query.tables import CASES, FINDINGS

    actions_in(done)
    queries = (
        f"SELECT {FINDINGS_SQL} FROM {FINDINGS} ORDER BY case_id, requirement",
        f"SELECT {CASES_SQL} FROM {CASES} ORDER BY case_id",
        f"SELECT * EXCLUDE (number) FROM {ACTIONS} ORDER BY number",
        done.rejects_sql(),
    )
    return tuple(_frame(done.con, query) for query in queries)


def _frame(con: duckdb.DuckDBPyConnection, query: str) -> pd.DataFrame:
    """Run a query; return a DataFrame whose column types do not depend on the rows."""
    types = {"DATE": "datetime64[us]", "VARCHAR": "str"}
    described = con.execute(f"DESCRIBE {query}").fetchall()
    return con.execute(query).df().astype({r[0]: types.get(r[1], "Int64") for r in described})
