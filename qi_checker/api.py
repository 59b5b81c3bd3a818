"""The public API: rules and settings from YAML, records and results as DataFrames."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.load import load_protocol, load_rulebook, load_site
from qi_checker.protocol.site import Site

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from qi_checker.engines.duckdb import Evaluation

__all__ = [
    "Result",
    "evaluate",
    "evaluate_rulebook",
    "load_protocol",
    "load_rulebook",
    "load_site",
]


@dataclass(frozen=True)
class Result:
    """What an evaluation says, with the columns of the output files.

    `findings`: one row per case and requirement, by case_id and requirement.
    `cases`: one row per case, by case_id.
    `rejects`: the rows that could not be used: table, file, row (the first one is row 2, as under
    a header), column, id and reason.
    `manifest`: where the numbers come from and how they add up, ready for JSON.

    Dates are datetime64 at midnight, local to the site; counts of days are Int64; the rest is text.
    """

    findings: pd.DataFrame
    cases: pd.DataFrame
    rejects: pd.DataFrame
    manifest: dict[str, Any]


def evaluate(
    protocol: Bundle,
    cases: pd.DataFrame,
    events: pd.DataFrame,
    as_of: str | date | datetime,
    *,
    exceptions: pd.DataFrame | None = None,
    site: Site | Mapping[str, Any] | None = None,
) -> Result:
    """Evaluate a protocol for every case.

    protocol: from `load_protocol`.
    cases, events, exceptions: one row per operation, per event and per waiver, with the columns of
        the records contract (docs/evaluation.md). Ids and codes are text; dates are text, dates or
        datetimes. They are not changed.
    as_of: the moment to judge for, in the time zone of the site; a date means its end. A datetime
        with an offset is converted to that zone.
    site: from `load_site`, or its keys as a dict: `{"timezone": "America/Toronto"}`. Without one
        dates are counted in UTC, with a warning.

    Rows that cannot be used are in `rejects`; they never stop the others. Raises UserError where
    the frames, the site or the date as a whole cannot be used, with everything that is wrong.
    A failure of the evaluation itself gives findings with the status `error`, and is listed under
    `failures` in the manifest.
    """
    found = _evaluated([protocol], cases, events, as_of, exceptions, _site(site))
    return found[protocol.protocol.id]


def evaluate_rulebook(
    protocols: Sequence[Bundle],
    cases: pd.DataFrame,
    events: pd.DataFrame,
    as_of: str | date | datetime,
    *,
    exceptions: pd.DataFrame | None = None,
    site: Site | Mapping[str, Any] | None = None,
) -> dict[str, Result]:
    """Evaluate several protocols for every case; the records are read once for all of them.

    protocols: from `load_rulebook`, or several from `load_protocol`.
    The other arguments are those of `evaluate`.

    Returns by the id of each protocol, in the order given, what `evaluate` says of it. Raises
    UserError as that does, and where two protocols have one id or mean different things by the same
    code list.
    """
    return _evaluated(protocols, cases, events, as_of, exceptions, _site(site))


def _evaluated(
    protocols: Sequence[Bundle],
    cases: pd.DataFrame,
    events: pd.DataFrame,
    as_of: str | date | datetime,
    exceptions: pd.DataFrame | None,
    site: Site,
) -> dict[str, Result]:
    from qi_checker.audit.provenance import manifest
    from qi_checker.engines.duckdb import evaluate_rulebook as evaluate_records
    from qi_checker.sources.mapping import check_site
    from qi_checker.sources.memory import from_frames

    check_site(site)
    tables = {"cases": cases, "events": events}
    if exceptions is not None:
        tables["exceptions"] = exceptions
    records = from_frames(tables, site=site)
    try:
        moment = _moment(as_of, site)
        return {
            done.compiled.bundle.protocol.id: Result(*_frames(done), manifest(done))
            for done in evaluate_records(protocols, records, moment, site)
        }
    finally:
        records.con.close()


def _site(given: Site | Mapping[str, Any] | None) -> Site:
    from pydantic import ValidationError

    if given is None:
        said = "no site is given: dates are counted in UTC. Give the hospital's time zone."
        warnings.warn(said, stacklevel=3)
        return Site(timezone="UTC")
    if isinstance(given, Site):
        return given
    try:
        return Site.model_validate(given)
    except ValidationError as error:
        problems = [
            Problem(".".join(("site", *map(str, e["loc"]))), _said(e["type"], e["msg"]))
            for e in error.errors(include_url=False)
        ]
    raise UserError(problems)


def _said(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "is not a setting"
    return message.removeprefix("Value error, ")


def _moment(as_of: str | date | datetime, site: Site) -> AsOf:
    if isinstance(as_of, datetime) and as_of.tzinfo is not None:
        as_of = as_of.astimezone(site.zone)
    return AsOf.parse(as_of, option="as_of")


def _frames(done: Evaluation) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    from qi_checker.engines.duckdb.evaluation import CASES_SQL, FINDINGS_SQL
    from qi_checker.query.tables import CASES, FINDINGS

    queries = (
        f"SELECT {FINDINGS_SQL} FROM {FINDINGS} ORDER BY case_id, requirement",
        f"SELECT {CASES_SQL} FROM {CASES} ORDER BY case_id",
        done.rejects_sql(),
    )
    findings, cases, rejects = (_frame(done.con, query) for query in queries)
    return findings, cases, rejects


def _frame(con: duckdb.DuckDBPyConnection, query: str) -> pd.DataFrame:
    """A query as a DataFrame whose column types do not depend on the rows."""
    types = {"DATE": "datetime64[us]", "VARCHAR": "str"}
    described = con.execute(f"DESCRIBE {query}").fetchall()
    return con.execute(query).df().astype({r[0]: types.get(r[1], "Int64") for r in described})
