"""Facts about the whole data set: made once, stored as JSON, passed to each case that is judged.

A case judged alone with its `Context` has the same result as among all others. It contains what a
single patient's rows cannot show: which kinds of events the source delivers at all, how recent each
feed is, which feed is half empty, which ids other patients' rows share, and which torn rows name
which patient.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

from qi_checker.errors import Problem, UserError
from qi_checker.judging.records import TornRow
from qi_checker.judging.rows import RawRow, Row, SharedIds, content, read_row
from qi_checker.judging.values import items, trimmed
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.codes import Catalogue, split_codes
from qi_checker.protocol.language import Words, words_of
from qi_checker.protocol.records import EVENTS, EXCEPTIONS, FIRST_YEAR, Table
from qi_checker.protocol.selectors import EventSelector
from qi_checker.protocol.sentences import Phrases
from qi_checker.protocol.site import Site

SPAN, SPANS, FEWEST = 28, 6, 3  # days per span; spans that define the usual count; minimum of spans
NEVER = date(FIRST_YEAR, 1, 1)  # a feed without any event counts as the oldest
_OWNER = {EVENTS.name: "patient_id", EXCEPTIONS.name: "case_id"}


@dataclass(frozen=True)
class Context:
    """Facts of a data set beyond one patient, at the moment `as_of` (text; empty: any moment).

    delivered: kinds of events in any used row that was known then.
    newest: the newest known `recorded_at` of each kind.
    full_until: feeds that are half empty, and the day until which they delivered as usual.
    shared_ids: per table, ids in rows of several owners (a patient's events, a case's
        exceptions), and the content of the first row (`content`). Later rows are rejected.
    torn: rows of events with too few or too many cells, and a patient's id in its place.
    """

    as_of: str = ""
    delivered: frozenset[str] = frozenset()
    newest: Mapping[str, date] = field(default_factory=dict)
    full_until: Mapping[str, date] = field(default_factory=dict)
    shared_ids: Mapping[str, SharedIds] = field(default_factory=dict)
    torn: tuple[TornRow, ...] = ()

    def torn_of(self, patient: str) -> list[TornRow]:
        """Return the torn rows that name a patient."""
        return [row for row in self.torn if row.patient == patient]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values, in a fixed order."""
        return {
            "as_of": self.as_of,
            "delivered": sorted(self.delivered),
            "newest": {kind: str(day) for kind, day in sorted(self.newest.items())},
            "full_until": {feed: str(day) for feed, day in sorted(self.full_until.items())},
            "shared_ids": {
                name: dict(sorted(ids.items())) for name, ids in self.shared_ids.items()
            },
            "torn": [[row.row, row.id, row.patient, row.why] for row in self.torn],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Context:
        """Read the output of `to_json`. UserError for anything else."""
        try:
            return cls(
                as_of=str(value["as_of"]),
                delivered=frozenset(map(str, value["delivered"])),
                newest={k: date.fromisoformat(day) for k, day in value["newest"].items()},
                full_until={k: date.fromisoformat(day) for k, day in value["full_until"].items()},
                shared_ids={name: dict(ids) for name, ids in value["shared_ids"].items()},
                torn=tuple(TornRow(int(n), str(i), str(p), str(w)) for n, i, p, w in value["torn"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            what = "is not what Context.to_json gives"
            raise UserError(
                Problem("context", what, "", "Make it again from the data set")
            ) from None


NOTHING = Context()


@dataclass(frozen=True)
class Setting:
    """The input of every part of judging: the moment, the hospital, code lists, the data set.

    language: that of the sentences; it decides nothing.
    """

    as_of: AsOf
    site: Site
    catalogue: Catalogue
    context: Context = NOTHING
    language: str = "en"
    # The fixed pieces of sentences by version and requirement, made on first use.
    phrases: dict[tuple[str, str], Phrases] = field(default_factory=dict, compare=False)
    # Studies judged before, by selector and look (`criteria.judge`).
    studies: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def words(self) -> Words:
        """Return the table of templates for sentences."""
        return words_of(self.language)


def context_of(
    used_events: Iterable[Row],
    as_of: AsOf,
    site: Site,
    catalogue: Catalogue,
    raw: Mapping[str, Sequence[RawRow]],
    torn: Iterable[TornRow] = (),
) -> Context:
    """Make the context of a data set from its used rows of events and its raw rows."""
    delivered: set[str] = set()
    newest: dict[str, date] = {}
    made: dict[str, list[date]] = {feed: [] for feed in site.completeness}
    for row in used_events:
        kind, recorded = row.word("kind"), row.dates.get("recorded_at")
        if recorded is not None and recorded.after(as_of):
            continue
        # Any row shows that the source delivers, even one entered in error.
        delivered.add(kind)
        if recorded is not None and (kind not in newest or recorded.lo > newest[kind]):
            newest[kind] = recorded.lo
        for feed, days in made.items():
            if _is_of(feed, row, kind, as_of, catalogue):
                days.append(row.dates["at"].lo)
    return Context(
        as_of=str(as_of),
        delivered=frozenset(delivered),
        newest=newest,
        full_until={
            feed: min(max(days, default=NEVER), as_of.date - timedelta(days=SPAN))
            for feed, days in made.items()
            if _half_empty(days, site.completeness[feed], as_of.date)
        },
        shared_ids={
            table.name: found
            for table in (EVENTS, EXCEPTIONS)
            if (found := shared_ids(table, raw.get(table.name, ()), site))
        },
        torn=tuple(row for row in torn if row.patient),
    )


def torn_rows(raw: Iterable[Mapping[str, Any]]) -> list[TornRow]:
    """Read torn rows: `_row`, `id`, `patient_id` and `why` of each."""
    return [
        TornRow(int(t["_row"]), trimmed(t.get("id")), trimmed(t.get("patient_id")), t["why"])
        for t in raw
    ]


def shared_ids(table: Table, raw: Iterable[RawRow], site: Site) -> dict[str, str]:
    """Find ids in rows of several owners, and the content of the first row with each."""
    owner = _OWNER[table.name]
    first: dict[str, tuple[str, RawRow]] = {}
    found: set[str] = set()
    for cells in raw:
        id = trimmed(cells.get(table.key))
        if id:
            whose = trimmed(cells.get(owner))
            if first.setdefault(id, (whose, cells))[0] != whose:
                found.add(id)
    return {id: content(table, read_row(table, first[id][1], 0, site)) for id in sorted(found)}


# ---- feeds ---------------------------------------------------------------------------------------


def _is_of(feed: str, row: Row, kind: str, as_of: AsOf, catalogue: Catalogue) -> bool:
    """Whether a row is a study of the feed that was made by `as_of`."""
    of, _, modality = feed.partition(".")
    if kind != of or row.word("status") != "completed" or row.dates["at"].after(as_of):
        return False
    return not modality or modality in modalities_in(row.texts, catalogue)


def modalities_in(texts: Mapping[str, str], catalogue: Catalogue) -> list[str]:
    """Return the modalities of the column; if it is empty, those of the codes."""
    recorded = items(texts.get("modality", "").upper())
    if recorded:
        return list(recorded)
    lines = (x for pair in split_codes(texts.get("codes")) for x in catalogue.imaging_of(pair))
    return [word.upper() for line in lines for word in items(line.modality)]


def _half_empty(days: list[date], share: str, today: date) -> bool:
    """Whether the last span has less than this share of the median of the spans before.

    The spans before are counted back from the newest one with any event, so that a feed that
    stopped long ago is not compared with its own gap. A feed without any day has delivered nothing.
    """
    if not days:
        return True
    ages = [(today - day).days for day in days]
    counts = Counter(age // SPAN for age in ages)
    last, oldest = max(1, min(ages) // SPAN), max(ages)
    spans = range(last, last + SPANS)
    usual = [counts[n] for n in spans if (n + 1) * SPAN - 1 <= oldest]
    if len(usual) < FEWEST:
        return False
    return Decimal(counts[0]) * 100 < Decimal(share.rstrip(" %")) * Decimal(median(usual))


def delivered_until(
    wanted: EventSelector, context: Context, as_of: AsOf, site: Site
) -> date | None:
    """Return the last day on which the absence of such an event is meaningful; None if always."""
    days = [day for feed, day in context.full_until.items() if _concerns(feed, wanted)]
    allowed, newest = site.feeds.get(wanted.kind), context.newest.get(wanted.kind)
    if wanted.kind not in context.delivered:
        newest = NEVER
    if allowed and newest and newest < allowed.before(as_of.date):
        days.append(newest)
    return min(days, default=None)


def _concerns(feed: str, wanted: EventSelector) -> bool:
    """Whether a required event may come from this feed."""
    kind, _, modality = feed.partition(".")
    return kind == wanted.kind and (
        not modality or wanted.modality is None or modality in wanted.modality
    )
