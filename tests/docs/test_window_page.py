"""docs/protocol-windows.md: what it says of days and of edges that surprise is what happens."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
import yaml

from tests.docs.test_documentation import ROOT
from tests.helpers import case, ct_rule, run_each, scan
from tests.helpers.engines import Engine

PAGE = (ROOT / "docs" / "protocol-windows.md").read_text(encoding="utf-8")
SURGERY = date(2026, 5, 29)  # a Friday; both times of the clock are known
DAYS = range(-1, 121)
ROWS = re.findall(r"^\| `?(\w+: \d+ \w+|no limit)`? \| (.+?) \|$", PAGE, re.MULTILINE)


def counting(text: str) -> set[int]:
    """The days that a line of the table says count, as far as they are looked at."""
    found = re.match(r"(\d+)(?: to (\d+)| and more)", text.replace("any day", "0 and more"))
    assert found, text
    first, last = found.groups()
    return {day for day in DAYS if int(first) <= day <= int(last or max(DAYS))}


def test_the_table_is_read() -> None:
    assert [limit for limit, _ in ROWS][:2] == ["at_most: 30 days", "less_than: 30 days"]
    assert len(ROWS) == 7


@pytest.mark.parametrize(("limit", "days"), ROWS, ids=[limit for limit, _ in ROWS])
def test_the_days_that_count(limit: str, days: str, engine: Engine) -> None:
    window = {"before": "surgery", **({} if limit == "no limit" else yaml.safe_load(limit))}
    operation = case(surgery_at=f"{SURGERY}T12:00")
    examples = [(operation, scan(f"{SURGERY - timedelta(days=n)}T07:00")) for n in DAYS]
    seen = run_each(engine, ct_rule(window=window), examples, as_of="2026-12-31")
    met = {n for n, one in zip(DAYS, seen, strict=True) if one.finding("ct")["status"] == "met"}
    assert met == counting(days)


EDGES = [
    # window, surgery, scan, status and reason
    ("1 month", "2026-03-15", "2026-02-15", "met in_window"),
    ("1 month", "2026-03-15", "2026-02-14", "expired too_old"),
    ("1 month", "2026-07-31", "2026-06-30", "met in_window"),
    ("1 month", "2026-03-31", "2026-02-28", "met in_window"),
    ("1 month", "2026-03-30", "2026-02-28", "met in_window"),
    ("1 month", "2024-03-30", "2024-02-28", "expired too_old"),
    ("1 day", "2026-05-29T08:00", "2026-05-28T07:00", "met in_window"),
    ("24 hours", "2026-05-29T08:00", "2026-05-28T07:00", "expired too_old"),
    ("24 hours", "2026-05-29T08:00", "2026-05-28", "unknown untimed"),
    ("24 hours", "2026-05-29T08:00", "2026-05-27", "expired too_old"),
    ("48 hours", "2026-05-29T08:00", "2026-05-28", "met in_window"),
    ("24 hours", "2026-05-29", "2026-05-28T07:00", "unknown untimed"),
    ("1 working day", "2026-06-01", "2026-05-29", "met in_window"),
    ("1 working day", "2026-06-01", "2026-05-30", "met in_window"),
    ("1 working day", "2026-06-01", "2026-05-28", "expired too_old"),
    # The clocks of London go forward at 01:00 on 29 March 2026.
    ("24 hours", "2026-03-29T08:00+01:00", "2026-03-28T07:30+00:00", "met in_window"),
    ("24 hours", "2026-03-29T08:00", "2026-03-28T07:30", "expired too_old"),
]


@pytest.mark.parametrize(("limit", "surgery", "at", "expected"), EDGES)
def test_an_edge_that_surprises(
    limit: str, surgery: str, at: str, expected: str, engine: Engine
) -> None:
    rule = ct_rule(window={"before": "surgery", "at_most": limit})
    operation = case(surgery_at=surgery)
    london = {"as_of": "2026-12-31", "timezone": "Europe/London"}
    (seen,) = run_each(engine, rule, [(operation, scan(at))], **london)
    found = seen.finding("ct")
    assert f"{found['status']} {found['reason']}" == expected
