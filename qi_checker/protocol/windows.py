"""Windows for events: spans of time, each counted from an anchor.

The wording of a window is defined here, so that pages, sentences and errors agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from qi_checker.protocol.durations import Duration
from qi_checker.protocol.fields import ONE_KEY, Length, Slug, Strict, Word, one_of
from qi_checker.protocol.language import ENGLISH, Words, length_words, plainly


class AnchorRef(Strict):
    """An anchor other than surgery and admission; exactly one key."""

    model_config = ConfigDict(json_schema_extra=ONE_KEY)

    column: Word | None = Field(None, description="A date column of the cases: discharged_at.")
    requirement: Slug | None = Field(
        None, description="The event that was chosen for another requirement of the version."
    )

    @model_validator(mode="after")
    def _check(self) -> AnchorRef:
        one_of(self, ("column", "requirement"))
        return self


def _shape(value: Any) -> str:
    return "reference" if isinstance(value, dict | AnchorRef) else "word"


Anchor = Annotated[
    Annotated[Literal["surgery", "admission"], Tag("word")]
    | Annotated[AnchorRef, Tag("reference")],
    Discriminator(_shape),
]


class Reach(Strict):
    """How far a span reaches past its anchor; exactly one key."""

    model_config = ConfigDict(json_schema_extra=ONE_KEY)

    at_most: Length | None = Field(None, description="Inclusive: 24 hours.")
    less_than: Length | None = Field(None, description="Strict: 2 days.")

    @model_validator(mode="after")
    def _check(self) -> Reach:
        one_of(self, ("at_most", "less_than"))
        return self

    @property
    def limit(self) -> Duration:
        """Return the length, whichever key gives it."""
        found = self.at_most or self.less_than
        assert found is not None, "a reach has one key"
        return found


def _together(*keys: str) -> dict[str, Any]:
    return {"required": list(keys)}


class Span(Strict):
    """A stretch of time before an anchor, after it, or on both sides."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [_together("before"), _together("after")],
            "not": {
                "anyOf": [
                    _together("at_least", "more_than"),
                    _together("at_most", "less_than"),
                    _together("or_after", "after"),
                    _together("or_after", "at_least"),
                    _together("or_after", "more_than"),
                ]
            },
        }
    )

    before: Anchor | None = Field(
        None,
        description="Counted back from: surgery, admission, {column: ...}, {requirement: ...}.",
    )
    after: Anchor | None = Field(
        None, description="Counted on from: surgery, admission, {column: ...}, {requirement: ...}."
    )
    at_least: Length | None = Field(None, description="Not nearer to the anchor: 300 days.")
    more_than: Length | None = Field(None, description="The same, strict.")
    at_most: Length | None = Field(None, description="Inclusive: 30 days means 0 to 30.")
    less_than: Length | None = Field(None, description="Strict: 4 weeks means 0 to 27 days.")
    or_after: Reach | None = Field(
        None, description="With before: events up to this long after the anchor count, too."
    )

    @model_validator(mode="after")
    def _check(self) -> Span:
        one_of(self, ("before", "after"))
        for one, other in (("at_least", "more_than"), ("at_most", "less_than")):
            if getattr(self, one) is not None and getattr(self, other) is not None:
                raise ValueError(f"{one} and {other} are used together; keep one")
        if self.less_than is not None and self.less_than.amount == 0:
            raise ValueError("less than zero: this window never opens")
        if self.or_after is not None and self.after is not None:
            raise ValueError("or_after is used with before; with after it has no effect")
        if self.or_after is not None and (self.at_least or self.more_than):
            raise ValueError("or_after and a minimum distance are used together; keep one")
        return self

    @property
    def anchor(self) -> Literal["surgery", "admission"] | AnchorRef:
        """Return the anchor that it is counted from."""
        found = self.before if self.before is not None else self.after
        assert found is not None, "a span has an anchor"
        return found

    @property
    def far(self) -> Duration | None:
        """Return the maximum distance from the anchor, strict or not."""
        return self.at_most or self.less_than

    @property
    def near(self) -> Duration | None:
        """Return the minimum distance from the anchor, strict or not."""
        return self.at_least or self.more_than

    @property
    def limits(self) -> tuple[Duration, ...]:
        """Return every length that limits it."""
        reach = self.or_after.limit if self.or_after is not None else None
        return tuple(x for x in (self.far, self.near, reach) if x is not None)

    def words(self, titles: Mapping[str, str], words: Words = ENGLISH) -> str:
        """Return `within 30 days before surgery`; `titles` are those of the version."""
        anchor = anchor_words(self.anchor, titles, words)
        far = _far_words(self.at_most, self.less_than, words)
        if self.or_after is not None:
            reach = _far_words(self.or_after.at_most, self.or_after.less_than, words)
            far = far or words.AT_ANY_TIME
            return plainly(words.AROUND, far=far, reach=reach, anchor=anchor)
        near = _length(words.AT_LEAST, self.at_least, words)
        near = near or _length(words.MORE_THAN, self.more_than, words)
        if near and self.at_most is not None:
            far = _length(words.AT_MOST, self.at_most, words)
        limits = f" {words.AND} ".join(filter(None, (near, far))) or words.AT_ANY_TIME
        side = words.COUNTED_BACK if self.before is not None else words.COUNTED_ON
        return plainly(side, limits=limits, anchor=anchor)


def _far_words(at_most: Duration | None, less_than: Duration | None, words: Words) -> str:
    return _length(words.WITHIN, at_most, words) or _length(words.LESS_THAN, less_than, words)


def _length(template: str, length: Duration | None, words: Words) -> str:
    return "" if length is None else plainly(template, length=length_words(length, words))


def column_key(name: str) -> str:
    """Return a column's key in the titles of a version; no requirement can have it as its id."""
    return f"column {name}"


def column_words(name: str, titles: Mapping[str, str], words: Words = ENGLISH) -> str:
    """Return a column's name for a sentence: its title, else its name without underscores."""
    return titles.get(column_key(name)) or words.COLUMNS.get(name) or name.replace("_", " ")


def anchor_words(anchor: Any, titles: Mapping[str, str], words: Words = ENGLISH) -> str:
    """Return `surgery`, `discharge`, or the title of a requirement."""
    if isinstance(anchor, AnchorRef):
        if anchor.column is not None:
            return column_words(anchor.column, titles, words)
        title = titles.get(anchor.requirement or "", anchor.requirement or "")
        return plainly(words.NAMED, title=title)
    return words.ANCHORS[str(anchor)]


class Window(Span):
    """When the event must be: a span, and optionally further spans that must hold as well."""

    and_: list[Span] = Field([], alias="and", description="Further spans that must hold, too.")

    @property
    def spans(self) -> tuple[Span, ...]:
        """Return every span, in order."""
        return (self, *self.and_)

    @property
    def only_days_before_surgery(self) -> bool:
        """Whether it is a single span before surgery, limited by calendar days or not at all."""
        limit = self.far
        calendar = limit is None or (limit.clock is None and limit.unit != "working day")
        plain = not (self.and_ or self.near or self.or_after)
        return plain and calendar and self.before == "surgery"

    def opens(self, anchor: date) -> date | None:
        """Return the first date that counts, by calendar units; None without a limit."""
        if self.at_most is not None:
            return self.at_most.before(anchor)
        if self.less_than is not None:
            return date.fromordinal(self.less_than.before(anchor).toordinal() + 1)
        return None

    def words(self, titles: Mapping[str, str] | None = None, words: Words = ENGLISH) -> str:
        """Return `within 30 days before surgery`, and what else must hold."""
        named = titles or {}
        first = super().words(named, words)
        always = f"{words.AT_ANY_TIME} "
        rest = [span.words(named, words).replace(always, "") for span in self.and_]
        return words.ALSO.join([first, *rest])
