"""Cases as the naive evaluator sees them, with everything it decided on the way.

A finding says what came out; a chart still knows the spans with their anchors, how each event was
judged, and what was decided first. The tools of a rule author ask for these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from qi_checker.judging.anchors import in_order
from qi_checker.judging.cases import read_case
from qi_checker.judging.charts import Chart
from qi_checker.judging.exceptions import read_waivers
from qi_checker.judging.feeds import note_feeds
from qi_checker.judging.records import Setting, read_history
from qi_checker.judging.rows import read_rows
from qi_checker.judging.status import decide
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.records import CASES, EVENTS, EXCEPTIONS
from qi_checker.protocol.site import Site


@dataclass(frozen=True)
class Delivery:
    """What is known of all events together, where only those of one patient are given."""

    delivered: frozenset[str]  # kinds that anybody has
    newest: Mapping[str, date]  # when each kind was last recorded
    full_until: Mapping[str, date]  # feeds that are half empty since


Tables = Mapping[str, Sequence[Mapping[str, str | None]]]


def chart_of(
    bundle: Bundle,
    tables: Tables,
    as_of: AsOf,
    site: Site,
    case_id: str,
    torn_events: Sequence[Mapping[str, Any]] = (),
    delivery: Delivery | None = None,
) -> Chart | None:
    """The chart of one case, every requirement decided; None where its row was rejected."""
    setting = Setting(as_of, site, bundle.catalogue)
    used, rejected = {}, {}
    for table in (CASES, EVENTS, EXCEPTIONS):
        rows = [dict(row) for row in tables.get(table.name, ())]
        used[table.name], rejected[table.name] = read_rows(table, rows, site)
    read = (read_case(row, bundle.protocol, setting) for row in used[CASES.name])
    cases = {case.id: case for case in read}
    if case_id not in cases:
        return None
    torn = [dict(row) for row in torn_events]
    history = read_history(used[EVENTS.name], rejected[EVENTS.name], torn, setting)
    if delivery is not None:
        history.delivered, history.newest = set(delivery.delivered), dict(delivery.newest)
        history.full_until = dict(delivery.full_until)
    else:
        note_feeds(history, setting)
    waivers = read_waivers(used[EXCEPTIONS.name], cases, setting)
    excepted = frozenset(id for of, id in waivers.active if of == case_id)
    chart = Chart(cases[case_id], history, excepted, setting)
    for requirement in in_order(chart.case.version.leaves):
        chart.decided[requirement.id] = decide(requirement, chart)
    return chart
