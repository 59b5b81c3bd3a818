"""`published.yaml`: the figures of a publication, to be compared with those from records."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.explain import build
from qi_checker.protocol.fields import Strict, Text
from qi_checker.protocol.yaml_read import read_document

_NUMBER = re.compile(r"-?[0-9]+(?:\.([0-9]+))?(?= ?%?$)")
_FIGURE = re.compile(
    r"(before|after)\.(cases|present\.[a-z0-9-]+|in_window\.[a-z0-9-]+|plan_change(\.percent)?"
    r"|interval\.(mean|sd|median|least|most))|interval\.p|plan_change\.(chi_squared|p)"
)


def _number(text: str) -> str:
    if not _NUMBER.match(text):
        raise ValueError('not a printed number: write it as it is printed, such as "36%"')
    return text


def _figure(text: str) -> str:
    if not _FIGURE.fullmatch(text):
        raise ValueError("not a figure of the study: write before.cases, after.interval.mean ...")
    return text


class Figure(Strict):
    """One printed figure."""

    title: Text = Field(description="Title in a table.")
    figure: Annotated[Text, AfterValidator(_figure)] = Field(
        description="What it is compared with: before.cases, plan_change.chi_squared ..."
    )
    printed: Annotated[Text, AfterValidator(_number)] = Field(
        description='As it is printed: "36%", "0.24".'
    )

    @property
    def value(self) -> float:
        match = _NUMBER.match(self.printed)
        assert match is not None, "checked when it was read"
        return float(match[0])

    @property
    def decimals(self) -> int:
        match = _NUMBER.match(self.printed)
        return len(match[1] or "") if match else 0


class Publication(Strict):
    """The figures of one publication."""

    source: Text = Field(description="The publication.")
    note: Text | None = Field(None, description="What a reader should know about the records.")
    figures: list[Figure] = Field(min_length=1, description="The printed figures.")


@dataclass(frozen=True)
class LoadedPublication:
    """The figures, and the hash of their file."""

    publication: Publication
    sha256: str


def load_published(path: Path) -> LoadedPublication:
    """Read published figures. Raises UserError with every problem found."""
    document = read_document(path)
    complaints = Complaints(document)
    found = build(Publication, complaints, complaints.mapping())
    complaints.raise_if_any()
    assert found is not None
    return LoadedPublication(found, sha256(document.content).hexdigest())
