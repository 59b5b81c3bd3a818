"""The results of an audit as typed rows that can be compared with those of another night."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.records import CASE_COLUMNS, FINDING_COLUMNS
from qi_checker.protocol.vocabulary import Status, Verdict

Key = tuple[str, str]  # case_id, requirement
_DATES = (
    "event_date",
    "window_opens",
    "window_closes",
    "valid_through",
    "act_by",
    "surgery_date",
    "latest_surgery_date",
)
_NUMBERS = ("days_before", "slack_days")
_ADVICE = "Give a folder that `qi-checker audit` wrote"


@dataclass(frozen=True)
class Finding:
    """One finding: a row of findings.json. Text is "" and dates are None where nothing applies."""

    case_id: str
    requirement: str
    status: str
    reason: str
    event_id: str
    event_date: dt.date | None
    days_before: int | None
    window_opens: dt.date | None
    window_closes: dt.date | None
    valid_through: dt.date | None
    slack_days: int | None
    act_by: dt.date | None
    owner: str
    sentence: str


@dataclass(frozen=True)
class CaseResult:
    """One case: a row of `cases` in findings.json."""

    case_id: str
    verdict: str
    surgery_date: dt.date | None
    next_action: str
    act_by: dt.date | None
    owner: str
    latest_surgery_date: dt.date | None


@dataclass(frozen=True)
class Todo:
    """One action: a row of `actions` in findings.json."""

    case_id: str
    requirement: str
    action: str
    text: str
    act_by: dt.date
    owner: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Todo:
        act_by = _date(row["act_by"])
        names = ("case_id", "requirement", "action", "text")
        texts = {name: str(row[name] or "") for name in names}
        if act_by is None or not all(texts.values()):
            raise ValueError("an action is incomplete")
        return cls(**texts, act_by=act_by, owner=str(row["owner"] or ""))


@dataclass(frozen=True)
class Snapshot:
    """One audit of one protocol: its manifest, its findings and its cases, by key.

    actions: every action, the most urgent first; None for an audit of a version without actions, or
    for a snapshot from the store.
    """

    manifest: Mapping[str, Any]
    findings: Mapping[Key, Finding]
    cases: Mapping[str, CaseResult]
    where: str = ""  # the folder that it was read from, for messages
    actions: tuple[Todo, ...] | None = None

    @classmethod
    def from_rows(
        cls,
        manifest: Mapping[str, Any],
        findings: Iterable[Mapping[str, Any]],
        cases: Iterable[Mapping[str, Any]],
        where: str = "",
        actions: Iterable[Mapping[str, Any]] | None = None,
    ) -> Snapshot:
        """Make a snapshot from rows of the contract; raise UserError for other rows."""
        try:
            AsOf.parse(manifest["as_of"])
            found = [Finding(**_typed(row, FINDING_COLUMNS)) for row in findings]
            lines = [CaseResult(**_typed(row, CASE_COLUMNS)) for row in cases]
            todo = None if actions is None else tuple(Todo.of(row) for row in actions)
            keys = {(f.case_id, f.requirement): f for f in found}
            ids = {c.case_id: c for c in lines}
            _check(manifest, found, lines)
            if len(keys) < len(found) or len(ids) < len(lines):
                raise ValueError("a finding or case occurs twice")
            if {f.case_id for f in found} - set(ids):
                raise ValueError("a finding belongs to a case that is not among the cases")
        except (KeyError, TypeError, ValueError, AttributeError, UserError) as error:
            why = error.args[0] if type(error) is ValueError and error.args else ""
            raise UserError(_foreign(where, str(why))) from None
        return cls(manifest, keys, ids, where, todo)

    @classmethod
    def read(cls, folder: Path) -> Snapshot:
        """Read the folder of an audit. Raise UserError if it is not an audit or is damaged."""
        file = folder / "findings.json"
        if not folder.is_dir():
            raise UserError(Problem(str(folder), "there is no such folder", advice=_ADVICE))
        if not file.is_file():
            many = "This is the audit of a rulebook. Give the folder of one protocol in it"
            advice = many if (folder / "rulebook.json").is_file() else _ADVICE
            raise UserError(Problem(str(folder), "contains no findings.json", advice=advice))
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            what = (error.strerror or "cannot be read").lower()
            raise UserError(Problem(str(file), what)) from None
        except (ValueError, RecursionError):
            raise UserError(_foreign(str(file), "it is not JSON, or truncated")) from None
        parts = {"manifest", "findings", "cases"}
        if not isinstance(document, dict) or set(document) - {"actions"} != parts:
            raise UserError(_foreign(str(file), "manifest, findings or cases are missing"))
        return cls.from_rows(**document, where=str(file))

    @property
    def as_of(self) -> dt.date:
        """Return the last day that this audit covers."""
        return AsOf.parse(self.manifest["as_of"]).date

    @property
    def protocol_id(self) -> str:
        return str(self.manifest["protocol"]["id"])


def _typed(row: Mapping[str, Any], columns: tuple[str, ...]) -> dict[str, Any]:
    """Return the columns of a row: dates as dates, numbers as numbers, everything else as text."""
    typed: dict[str, Any] = {}
    for name in columns:
        value = row[name]
        if name in _DATES:
            typed[name] = _date(value)
        elif name in _NUMBERS:
            if not (value is None or type(value) is int):
                raise ValueError(f"{name} is not a whole number")
            typed[name] = value
        else:
            if not (value is None or isinstance(value, str)):
                raise ValueError(f"{name} is not text")
            typed[name] = value or ""
    return typed


def _date(value: Any) -> dt.date | None:
    if value is None or (isinstance(value, dt.date) and not isinstance(value, dt.datetime)):
        return value
    if not isinstance(value, str) or len(value) != len("2026-01-31"):
        raise ValueError("a date is not a date")
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise ValueError("a date is not a date") from None


def _check(manifest: Mapping[str, Any], found: list[Finding], cases: list[CaseResult]) -> None:
    """Check the assumptions of a comparison. Raise KeyError, TypeError or ValueError."""
    texts = (
        manifest["protocol"]["id"],
        manifest["protocol"]["sha256"],
        manifest["data"]["sha256"],
        manifest["program"]["version"],
    )
    if not all(isinstance(text, str) and text for text in texts):
        raise ValueError("the manifest does not name protocol, data and program")
    if any(f.status not in set(Status) for f in found):
        raise ValueError("a status is unknown to this version")
    if any(c.verdict not in set(Verdict) for c in cases):
        raise ValueError("a verdict is unknown to this version")
    if not all(f.case_id and f.requirement for f in found) or not all(c.case_id for c in cases):
        raise ValueError("an id is empty")


def _foreign(where: str, why: str) -> Problem:
    because = f"The reason: {why}" if why else "Part of every audit is missing"
    return Problem(where, "is not the output of an audit", because, _ADVICE)
