"""The pieces of sentences that depend on the requirement only, not on the case.

`judging/sentences.py` and `query/sentences.py` fill the templates of a language with these pieces.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qi_checker.protocol.durations import Duration
from qi_checker.protocol.language import ENGLISH, Words, length_words, plainly
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.windows import Anchor, Span, Window, anchor_words, column_words


@dataclass(frozen=True)
class Phrases:
    """Pieces that are the same for every case. Their names are placeholders of the templates.

    limit: the single limit of a plain window before its anchor; None for other windows.
    unit: `minute` or `hour` if distances are given in clock time, else empty.
    longest: that limit in microseconds, if it is in minutes or hours.
    moves: whether another day of surgery changes the window.
    """

    title: str
    limit: str | None
    counted_from: str
    anchors: str  # the anchors that may not be known yet
    asks: str
    side: str
    unrecorded: str
    to_record: str
    unit: str
    longest: int | None
    moves: bool


def phrases(requirement: Requirement, titles: Mapping[str, str], words: Words = ENGLISH) -> Phrases:
    """Build the fixed pieces of a requirement's sentences."""
    window, spans = requirement.window, requirement.window.spans
    limit, far = _limit(window, words), window.far
    others: list[Anchor] = [s.anchor for s in spans if s.anchor != "surgery"]
    anchors = (anchor_words(a, titles, words) for a in others or ["surgery"])
    missing = list(_recorded(requirement, titles, words)) or [words.CRITERIA["value"]]
    return Phrases(
        title=requirement.title,
        limit=limit,
        counted_from=anchor_words(window.anchor, titles, words),
        anchors=_listed(anchors, words.OR),
        asks=window.words(titles, words),
        side=_side(spans, titles, words),
        unrecorded=_listed(missing, words.OR),
        to_record=_listed(missing, words.AND),
        unit=_unit(window),
        longest=_microseconds(far) if limit and far is not None else None,
        moves=any(span.anchor == "surgery" for span in spans),
    )


def _limit(window: Window, words: Words) -> str | None:
    if window.and_ or window.near or window.or_after or window.after:
        return None
    if window.less_than:
        return plainly(words.LESS_THAN, length=length_words(window.less_than, words))
    return length_words(window.far, words) if window.far else None


def _unit(window: Window) -> str:
    units = [limit.unit for limit in window.limits if limit.clock is not None]
    return "minute" if "minute" in units else units[0] if units else ""


def _microseconds(length: Duration) -> int | None:
    return None if length.clock is None else int(length.clock.total_seconds()) * 1_000_000


def _side(spans: Iterable[Span], titles: Mapping[str, str], words: Words) -> str:
    """Say what is uncertain about an event on the day of an anchor."""
    one_way = [span for span in spans if span.or_after is None]
    if all(span.before == "surgery" for span in one_way):
        return words.SIDE_OF_SURGERY
    anchors = (anchor_words(span.anchor, titles, words) for span in one_way)
    return plainly(words.SIDE, anchors=_listed(anchors, words.OR))


def _recorded(requirement: Requirement, titles: Mapping[str, str], words: Words) -> Iterable[str]:
    """Return what must be recorded about an event to decide whether it counts."""
    event = requirement.event
    if requirement.forbidden and event.codes:
        yield words.CRITERIA["code"]
    if event.modality:
        yield words.CRITERIA["modality"]
    if event.region:
        yield words.CRITERIA["region"]
    for column in event.columns or ():
        yield column_words(column.name, titles, words)


def _listed(texts: Iterable[str], last: str) -> str:
    *most, end = dict.fromkeys(texts)
    return f"{', '.join(most)} {last} {end}" if most else end
