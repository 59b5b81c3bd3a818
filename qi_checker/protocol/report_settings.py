"""`report.yaml`: what a programme adds to its records for the monthly report."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictInt

from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.explain import build
from qi_checker.protocol.fields import Day, Percent, Strict, Text
from qi_checker.protocol.vocabulary import Reason
from qi_checker.protocol.yaml_read import read_document

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def _month(text: str) -> str:
    if not _MONTH.fullmatch(text):
        raise ValueError("not a month: write year and month, such as 2026-05")
    return text


Month = Annotated[Text, AfterValidator(_month)]


class Baseline(Strict):
    """The months from which the lines of the charts are computed."""

    first: Month = Field(description="First month, such as 2024-01.")
    last: Month = Field(description="Last month, included.")


class Target(Strict):
    """A target that applies from a certain day."""

    from_: Day = Field(alias="from", description="First day that it applies to.")
    target: Percent = Field(description="Such as 95%.")


class NewPhase(Strict):
    """A decision to recalculate the lines of the charts."""

    from_: Day = Field(alias="from", description="First day of the new phase.")
    reason: Text = Field(description="Why: what changed, and why it will last.")
    approved_by: Text = Field(description="Who decided it.")


class Happened(Strict):
    """Something that the programme did, or that happened to it."""

    date: Day = Field(description="The day.")
    what: Text = Field(description="A few words, shown under the chart.")


class Action(Strict):
    """One line of the action log."""

    action: Text = Field(description="What is to be done.")
    owner: Text = Field(description="Who does it.")
    due: Day = Field(description="Until when.")
    done: Day | None = Field(None, description="When it was done.")


class Decision(Strict):
    """The question to the committee if a cause is among the most frequent."""

    reason: Text = Field(description="The reason of the findings, such as too_old.")
    ask: Text = Field(description="What to decide, in the words of the site.")
    owner: Text | None = Field(None, description="Who would do it; else the owner of the cause.")


class ReportSettings(Strict):
    """Settings of the monthly report; all are optional."""

    organisation: Text | None = Field(None, description="Printed large at the top.")
    contact: Text | None = Field(None, description="Whom to ask about this report.")
    reference: Text | None = Field(None, description="Number of the audit in the local register.")
    comment: Text | None = Field(None, description="A comment by the lead on this month.")
    baseline: Baseline | None = Field(
        None,
        description="Months from which the lines are computed; default: the first 12 of each phase.",
    )
    targets: list[Target] = Field([], description="Targets by date; else the protocol's target.")
    phases: list[NewPhase] = Field([], description="Decisions to recalculate the lines.")
    happened: list[Happened] = Field([], description="Events of the programme, for the charts.")
    actions: list[Action] = Field([], description="The action log.")
    decisions: list[Decision] = Field([], description="Questions to the committee, by cause.")
    fewest_cases: Annotated[StrictInt, Field(ge=5, le=1000)] = Field(
        10, description="Surgeons or sites with fewer cases are not shown by themselves."
    )
    small_numbers: Literal["none", "lt5", "nhs", "cms11"] = Field(
        "none", description="How small numbers are hidden: none, lt5, nhs or cms11."
    )


@dataclass(frozen=True)
class LoadedSettings:
    """The settings, and the hash of their file; "" if there was none."""

    settings: ReportSettings
    sha256: str = ""


NO_SETTINGS = LoadedSettings(ReportSettings())


def load_report_settings(path: Path) -> LoadedSettings:
    """Read report.yaml. Raises UserError with every problem found."""
    document = read_document(path)
    complaints = Complaints(document)
    data = complaints.mapping()
    found = build(ReportSettings, complaints, data)
    complaints.raise_if_any()
    assert found is not None
    _check(found, complaints)
    complaints.raise_if_any()
    return LoadedSettings(found, sha256(document.content).hexdigest())


def _check(found: ReportSettings, complaints: Complaints) -> None:
    """Check several keys together: order of months, duplicate dates."""
    if found.baseline is not None and found.baseline.last < found.baseline.first:
        complaints.add(("baseline", "last"), "is before the first month", "", "Swap the two")
    for n, decision in enumerate(found.decisions):
        if decision.reason not in {reason.value for reason in Reason}:
            complaints.add(
                ("decisions", n, "reason"),
                f"`{decision.reason}` is not a reason of findings",
                "",
                "Write a reason of docs/evaluation.md, such as never_ordered or too_old",
            )
    for key, days in (
        ("targets", [t.from_ for t in found.targets]),
        ("phases", [p.from_ for p in found.phases]),
    ):
        for n, day in enumerate(days):
            if day in days[:n]:
                complaints.add((key, n, "from"), f"{day} is listed twice", "", "Keep one of them")


def target_on(settings: ReportSettings, day: date, otherwise: str | None) -> float | None:
    """Return the target in force on a day, as a fraction: by date, else the protocol's."""
    found = [t for t in sorted(settings.targets, key=lambda t: t.from_) if t.from_ <= day]
    text = found[-1].target if found else otherwise
    return float(text.rstrip(" %")) / 100 if text else None
