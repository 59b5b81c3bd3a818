"""Both engines behind one call, and expectations that read like a line of a manual."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from qi_checker import judging as reference
from qi_checker.engines.duckdb import Evaluation
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.site import Site
from tests.helpers.explained import check_page
from tests.helpers.protocols import liver
from tests.helpers.records import Row, case

Rows = Sequence[Row]
NUMBERS = (
    "eligible",
    "compliant",
    "with_exception",
    "undetermined",
    "present",
    "in_window",
    "sensitivity",
)
CASE_KEYS = (
    "case_id",
    "verdict",
    "surgery_date",
    "next_requirement",
    "act_by",
    "owner",
    "latest_surgery_date",
)
PARTS = ("findings", "cases", "rejects", "ignored", "numbers")
REJECT_KEYS = ("table", "row", "column", "id", "reason")


class Seen:
    """The results of an engine, in one form for all; each part is made when it is read."""

    def __init__(self, part: Callable[[str], Any]) -> None:
        self._part = part

    @classmethod
    def of(cls, *parts: Any) -> Seen:
        """Make it from existing parts, in the order of `PARTS`; the last may be left out."""
        return cls(dict(zip(PARTS, parts, strict=False)).__getitem__)

    def only(self, parts: Iterable[str]) -> Seen:
        """Make these parts now, so that the evaluation behind them can be released."""
        return Seen({name: getattr(self, name) for name in parts}.__getitem__)

    @property
    def findings(self) -> list[dict[str, Any]]:
        return self._part("findings")

    @property
    def cases(self) -> list[dict[str, Any]]:
        return self._part("cases")

    @property
    def rejects(self) -> list[dict[str, Any]]:
        return self._part("rejects")

    @property
    def ignored(self) -> list[tuple[str, str]]:
        return self._part("ignored")

    @property
    def numbers(self) -> dict[str, Any]:
        return self._part("numbers")

    def finding(self, requirement: str, case_id: str = "C1") -> dict[str, Any]:
        """Return the finding of a requirement of a case, with dates as ISO text."""
        findings = [
            f for f in self.findings if (f["case_id"], f["requirement"]) == (case_id, requirement)
        ]
        assert len(findings) == 1, f"{len(findings)} findings of {case_id} {requirement}"
        return {name: _text(value) for name, value in findings[0].items()}

    def case(self, case_id: str = "C1") -> dict[str, Any]:
        """Return the line of a case, with dates as ISO text."""
        lines = [c for c in self.cases if c["case_id"] == case_id]
        assert len(lines) == 1, f"{len(lines)} lines of {case_id}"
        return {name: _text(value) for name, value in lines[0].items()}

    @property
    def reject_lines(self) -> list[str]:
        """Return lines such as `events row 2: at: missing value`, in file order."""
        return [f"{r['table']} row {r['row']}: {r['column']}: {r['reason']}" for r in self.rejects]


def _text(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def on_reference(
    bundle: Bundle, tables: dict[str, Any], as_of: AsOf, site: Site, torn: dict[str, Any]
) -> Seen:
    """Run the evaluator of single cases, which defines what is correct; its pages must agree."""
    for trace in reference.read_data(bundle, tables, as_of, site, torn).traces():
        check_page(trace)
    return without_pages(bundle, tables, as_of, site, torn)


def without_pages(
    bundle: Bundle, tables: dict[str, Any], as_of: AsOf, site: Site, torn: dict[str, Any]
) -> Seen:
    """Run the same, for a question whose pages are made elsewhere: they take longer than it."""
    result = reference.evaluate(bundle, tables, as_of, site, torn)
    return Seen.of(
        result.findings,
        result.cases,
        result.rejects,
        result.ignored_exceptions,
        {name: _plain(getattr(result.numbers, name)) for name in NUMBERS},
    )


def on_duckdb(
    bundle: Bundle, tables: dict[str, Any], as_of: AsOf, site: Site, torn: dict[str, Any]
) -> Seen:
    """Run the compiled query with the planner of many rows: commands of the tests have few."""
    from qi_checker.engines.duckdb import evaluate
    from qi_checker.sources.memory import from_rows
    from qi_checker.sources.raw import connect

    con = connect()
    con.execute("SET threads = 1")
    return seen_by(evaluate(bundle, from_rows(tables, torn, con), as_of, site))


def seen_by(evaluation: Evaluation) -> Seen:
    """Return the results of a compiled query; unread parts are not fetched."""
    parts: dict[str, Callable[[], Any]] = {
        "findings": evaluation.findings,
        "cases": lambda: [{key: line[key] for key in CASE_KEYS} for line in evaluation.cases()],
        "rejects": lambda: [
            {key: line[key] or None for key in REJECT_KEYS} for line in evaluation.rejects()
        ],
        "ignored": lambda: list(evaluation.ignored_exceptions()),
        "numbers": lambda: _numbers(evaluation.summary()),
    }
    return Seen(cache(lambda name: parts[name]()))


def _numbers(summary: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(summary[name]) for name in NUMBERS}


def _plain(value: Any) -> Any:
    return dict(value) if hasattr(value, "items") else value


Engine = Callable[[Bundle, dict[str, Any], AsOf, Site, dict[str, Any]], Seen]
ENGINES: dict[str, Engine] = {"reference": on_reference, "duckdb": on_duckdb}


def run(
    engine: Engine,
    rule: Bundle | None = None,
    *,
    cases: Rows | None = None,
    events: Rows = (),
    exceptions: Rows = (),
    torn: Sequence[dict[str, Any]] = (),
    as_of: str = "2026-06-30",
    timezone: str = "America/Toronto",
    **site: Any,
) -> Seen:
    """Evaluate a few rows: one operation on 31 May 2026, as of the end of June.

    `torn` are rows of events with too few or too many cells; further arguments are site settings.
    """
    tables: dict[str, Any] = {
        "cases": [case()] if cases is None else list(cases),
        "events": list(events),
        "exceptions": list(exceptions),
    }
    return engine(
        rule or liver(),
        tables,
        AsOf.parse(as_of),
        Site.model_validate({"timezone": timezone} | site),
        {"events": list(torn)} if torn else {},
    )


def expect(seen: Seen, case_id: str = "C1", verdict: str = "", **requirements: str) -> None:
    """Check `ct="met in_window E1"`: status, reason and event of a requirement, and the verdict.

    An expectation may stop after the status or the reason; `-` means no event.
    """
    actual, wanted = {}, {}
    for name, expected in requirements.items():
        finding = seen.finding(name.replace("_", "-"), case_id)
        words = (finding["status"], finding["reason"], finding["event_id"] or "-")
        actual[name] = " ".join(words[: len(expected.split())])
        wanted[name] = expected
    if verdict:
        actual["verdict"], wanted["verdict"] = seen.case(case_id)["verdict"], verdict
    assert actual == wanted
