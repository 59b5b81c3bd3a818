"""Examples of a protocol: a few records and the expected result, each with its reason.

All values of records are text, as in the files of a hospital; a date needs no quotes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from qi_checker.errors import UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.checks.examples import check_rows, check_written
from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.explain import build
from qi_checker.protocol.fields import Slug, Strict, Text
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import Reason, Status, Verdict
from qi_checker.protocol.yaml_read import read_document

Value = Annotated[str, StringConstraints(strict=True)]
Row = dict[str, Value]


class Defaults(Strict):
    """Defaults of every example; an example's own values override them key by key."""

    as_of: Value | None = Field(None, description="Date of the evaluation.")
    site: dict[str, Any] = Field({}, description="Settings as in site.yaml.")
    case: Row = Field({}, description="Columns of every case.")
    event: Row = Field({}, description="Columns of every event.")
    exception: Row = Field({}, description="Columns of every exception.")


class Given(Strict):
    """The records of an example."""

    as_of: Value | None = Field(None, description="Date of the evaluation.")
    site: dict[str, Any] = Field({}, description="Settings as in site.yaml.")
    case: Row = Field({}, description="The case that the expectation is about.")
    other_cases: list[Row] = Field([], description="Further cases.")
    events: list[Row] = Field([], description="Events, of the same patient unless they say so.")
    exceptions: list[Row] = Field([], description="Exceptions, of the case unless they say so.")


class Expected(Strict):
    """The expected result of one requirement."""

    status: Status = Field(description="Its status.")
    reason: Reason | None = Field(None, description="Its reason.")
    event: Value | None = Field(None, description='The chosen event; "" for none.')


class Expect(Strict):
    """The expected result of the case."""

    verdict: Verdict | None = Field(None, description="The verdict of the case.")
    requirements: dict[Slug, Expected] = Field({}, description="By the id of the requirement.")


class WrittenExample(Strict):
    """One example as written."""

    id: Slug = Field(description="Unique within the file.")
    why: Text = Field(description="The sentence that the example teaches.")
    given: Given = Field(description="The records.")
    expect: Expect = Field(description="The expected result.")


class ExampleFile(Strict):
    """A file of examples."""

    defaults: Defaults = Field(
        default_factory=lambda: Defaults.model_validate({}),
        description="Defaults of every example.",
    )
    examples: list[WrittenExample] = Field(min_length=1, description="The examples.")


@dataclass(frozen=True)
class Example:
    """An example ready to run: complete tables, settings, and what is expected."""

    id: str
    why: str
    given: Given  # as written, to be shown
    expect: Expect
    tables: dict[str, list[dict[str, str]]]
    as_of: AsOf
    site: Site

    @property
    def case_id(self) -> str:
        """Return the id of the case that the expectation is about."""
        return self.tables["cases"][0]["case_id"]


def load_examples(path: str | Path, bundle: Bundle) -> list[Example]:
    """Read a protocol's examples from its folder or the file. UserError with every problem."""
    file = Path(path)
    complaints = Complaints(read_document(file / "examples.yaml" if file.is_dir() else file))
    data = complaints.mapping()
    written = build(ExampleFile, complaints, data)
    check_written(data, bundle.protocol, complaints)
    found = [] if written is None else _complete(written, complaints)
    complaints.raise_if_any()
    return found


def _complete(written: ExampleFile, complaints: Complaints) -> list[Example]:
    result = []
    for i, example in enumerate(written.examples):
        as_of = _as_of(written.defaults, example.given, i, complaints)
        site = _site(written.defaults, example.given, i, complaints)
        tables = tables_of(written.defaults, example.given)
        check_rows(tables, example.expect.requirements, ("examples", i), complaints)
        if as_of is not None and site is not None:
            result.append(
                Example(example.id, example.why, example.given, example.expect, tables, as_of, site)
            )
    return result


def _as_of(defaults: Defaults, given: Given, i: int, complaints: Complaints) -> AsOf | None:
    path = ("examples", i, "given", "as_of") if given.as_of else ("defaults", "as_of")
    text = given.as_of or defaults.as_of
    if text is None:
        what = "the example has no as_of, and neither have the defaults"
        complaints.add(("examples", i, "given"), what, advice="Add it: the date of the evaluation")
        return None
    try:
        return AsOf.parse(text)
    except UserError as error:
        problem = error.problems[0]
        complaints.add(path, f"`{text}` {problem.what}", advice=problem.advice)
        return None


def _site(defaults: Defaults, given: Given, i: int, complaints: Complaints) -> Site | None:
    """Return the example's settings; UTC by default, since most need no time zone."""
    base = ("examples", i, "given", "site") if given.site else ("defaults", "site")
    return build(Site, complaints, {"timezone": "UTC"} | defaults.site | given.site, base)


def tables_of(defaults: Defaults, given: Given) -> dict[str, list[dict[str, str]]]:
    cases = [given.case, *given.other_cases]
    patient = {"patient_id": "P1"}
    first = _numbered("case_id", "C", patient | defaults.case, cases)
    of_case = {"case_id": first[0]["case_id"]}
    of_patient = {"patient_id": first[0]["patient_id"]}
    return {
        "cases": first,
        "events": _numbered("event_id", "E", of_patient | defaults.event, given.events),
        "exceptions": _numbered(
            "exception_id", "X", of_case | defaults.exception, given.exceptions
        ),
    }


def _numbered(
    key: str, letter: str, base: Mapping[str, str], rows: Sequence[Mapping[str, str]]
) -> list[dict[str, str]]:
    """Give rows without an id one in the order written: C1, C2 ..."""
    return [{key: f"{letter}{n}", **base, **row} for n, row in enumerate(rows, start=1)]
