"""The status as a text file for the node exporter of Prometheus (its textfile collector)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

Labels = dict[str, str]


def metrics_text(status: Mapping[str, Any]) -> str:
    """Every number of the status, in the text format 0.0.4."""
    lines: list[str] = []
    for name, about, samples in _families(status):
        lines += [f"# HELP qi_checker_{name} {about}", f"# TYPE qi_checker_{name} gauge"]
        lines += [f"qi_checker_{name}{_labels(labels)} {value}" for labels, value in samples]
    return "\n".join(lines) + "\n"


Family = tuple[str, str, list[tuple[Labels, Any]]]


def _families(status: Mapping[str, Any]) -> Iterator[Family]:
    good = status.get("last_good") or {}
    if good.get("finished_at"):
        at = datetime.fromisoformat(good["finished_at"]).timestamp()
        yield "last_good_timestamp_seconds", "When the last good run ended.", [({}, at)]
    yield "exit_code", "Exit code of the last run.", [({}, status.get("exit_code") or 0)]
    phases = [({"phase": p["name"]}, p["seconds"]) for p in status.get("phases", [])]
    yield "phase_seconds", "How long each step of the last run took.", phases
    queue = [({"state": state}, number) for state, number in status.get("outbox", {}).items()]
    yield "messages", "Messages of the outbox by state.", queue
    feeds = [({"feed": f["feed"]}, int(f["state"] != "ok")) for f in status.get("feeds", [])]
    yield "feed_late", "1 where a feed is stale or half empty.", feeds
    cases = [
        ({"protocol": name, "verdict": verdict}, number)
        for name, run in status.get("runs", {}).items()
        for verdict, number in run.get("verdicts", {}).items()
    ]
    yield "cases", "Cases of the last run by verdict.", cases


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
