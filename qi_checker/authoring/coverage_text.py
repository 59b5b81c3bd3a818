"""Print the coverage of protocols for a terminal, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from qi_checker.authoring.coverage_view import Coverage
from qi_checker.render import words
from qi_checker.render.terminal import safe

if TYPE_CHECKING:
    from rich.console import Console


def coverage_text(found: Coverage, console: Console) -> None:
    """Print how much is reached, then each gap, then what cannot occur."""
    share = f"{found.reached} of {found.points} points ({percent(found)})"
    examples = words.count(found.examples, "example")
    verb = "reaches" if found.examples == 1 else "reach"
    _whole(console, f"{found.path}: {examples} {verb} {share}", "bold")
    for gap in found.gaps:
        of = ", ".join(filter(None, (gap.requirement, gap.version and f"version {gap.version}")))
        _whole(console, f"{gap.where}: {of}: {gap.words}")
    for left in found.left_out:
        _whole(console, f"  left out: {left.requirement} is never {left.status}: {left.why}")


def coverage_json(found: Sequence[Coverage]) -> str:
    """Return the same as JSON."""
    coverages = [asdict(one) | {"reached": one.reached} for one in found]
    return json.dumps(coverages, ensure_ascii=False, indent=2) + "\n"


def percent(found: Coverage) -> str:
    """Format `96%`, truncated and not rounded: 100% means everything."""
    return f"{100 * found.reached // found.points if found.points else 100}%"


def _whole(console: Console, text: str, style: str = "") -> None:
    """Print a line without wrapping: it starts with a place for an editor."""
    console.print(safe(console, text), style=style or None, soft_wrap=True)
