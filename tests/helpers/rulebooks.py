"""Several protocols for the same records, and all results of an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from qi_checker.audit.problems import problems
from qi_checker.audit.provenance import manifest
from qi_checker.engines.duckdb import Evaluation
from qi_checker.protocol.bundle import Bundle


def named(bundle: Bundle, id: str) -> Bundle:
    """Return the same protocol with another id."""
    return replace(bundle, protocol=bundle.protocol.model_copy(update={"id": id}))


def numbered(bundles: Sequence[Bundle]) -> list[Bundle]:
    return [named(bundle, f"p{n}") for n, bundle in enumerate(bundles)]


def everything(done: Evaluation) -> dict[str, Any]:
    """Return findings with sentences, cases, rejects, notes and every number of the manifest."""
    prepared = done.prepared
    return {
        "findings": done.findings(),
        "cases": done.cases(),
        "rejects": done.rejects(),
        "ignored": done.ignored_exceptions(),
        "summary": done.summary(),
        "notes": prepared.notes,
        "left_out": prepared.left_out,
        "stale": dict(prepared.feeds.stale_since),
        "half_empty": dict(prepared.feeds.full_until),
        "problems": list(problems(done)),
        "manifest": manifest(done),
        "failures": done.failures,
    }
