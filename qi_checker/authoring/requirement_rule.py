"""One requirement on the page of its protocol: its sentence and its definitions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qi_checker.authoring.window_examples import example
from qi_checker.protocol.models import Advice, Requirement
from qi_checker.protocol.windows import anchor_words
from qi_checker.protocol.words import Titles, listed, requirement_sentence, since_words


@dataclass(frozen=True)
class RequirementRule:
    """A requirement: one sentence, then (term, wording) in reading order."""

    id: str
    title: str
    sentence: str
    notes: tuple[tuple[str, str], ...]


_UNTIMED = {
    "unknown": "unknown without both clock times",
    "allow": "counts, unless the clock times show the wrong order",
    "refuse": "does not count, unless the clock times show the right order",
}
_PET_CT = {
    "refuse": "the CT of a PET/CT does not count",
    "allow": "the CT of a PET/CT counts",
}


def requirement_rule(leaf: Requirement, titles: Titles) -> RequirementRule:
    """Describe a requirement."""
    sentence = requirement_sentence(leaf, titles)
    return RequirementRule(leaf.id, leaf.title, sentence, tuple(_notes(leaf, titles)))


def _notes(leaf: Requirement, titles: Titles) -> Iterator[tuple[str, str]]:
    yield "Window", example(leaf.window, titles)
    one_way = [span for span in leaf.window.spans if span.or_after is None]
    days = dict.fromkeys(anchor_words(span.anchor, titles) for span in one_way)
    if days:
        yield f"On the day of {listed(days)}", _UNTIMED[leaf.same_day]
    if "CT" in (leaf.event.modality or ()):
        yield "PET/CT", _PET_CT[leaf.pet_ct]
    if not leaf.forbidden:
        yield "Arranged by", ", ".join(leaf.owners)
        yield "Time to arrange it", str(leaf.lead_time or "as the site says")
    else:
        yield "Owner", ", ".join(leaf.owners)
    for rule in leaf.none_between:
        if rule.then == "warn":
            yield "Advice", f"shown if there was {since_words(rule, leaf, titles)}"
    for advice in leaf.warn:
        yield "Advice", f"{advice.title.rstrip('.')} ({_shown_when(advice)})"


def _shown_when(advice: Advice) -> str:
    when = advice.when
    if when.description is not None:
        return f"the description holds {listed(when.description)}"
    if when.codes is not None:
        return f"a code of the list {when.codes.in_}"
    return "a code with the role warns"
