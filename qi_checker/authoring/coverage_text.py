"""The coverage of protocols for a terminal, with sketches that can be pasted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from qi_checker.authoring.coverage_sketch import Sketch
from qi_checker.authoring.coverage_view import Coverage, Gap
from qi_checker.render import words
from qi_checker.render.terminal import safe, say

if TYPE_CHECKING:
    from rich.console import Console

# Plain words that YAML reads as text; everything else is put in quotes.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z_-]*")
_NO_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def coverage_text(found: Coverage, console: Console) -> None:
    """How much is reached, then each gap with its sketch, then what cannot occur."""
    share = f"{found.reached} of {found.points} points ({percent(found)})"
    examples = words.count(found.examples, "example")
    verb = "reaches" if found.examples == 1 else "reach"
    _whole(console, f"{found.path}: {examples} {verb} {share}", "bold")
    for gap in found.gaps:
        _gap(gap, console)
    for left in found.left_out:
        _whole(console, f"  left out: {left.requirement} is never {left.status}: {left.why}")


def coverage_json(found: Sequence[Coverage]) -> str:
    """The same for a program; each sketch as values and as the YAML to paste."""

    def gap(one: Gap) -> dict[str, Any]:
        return asdict(one) | {"yaml": "\n".join(sketch_yaml(one.sketch)) if one.sketch else ""}

    told = [
        asdict(one) | {"reached": one.reached, "gaps": [gap(g) for g in one.gaps]} for one in found
    ]
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def percent(found: Coverage) -> str:
    """`96 %`, cut and not rounded: 100 % is everything."""
    return f"{100 * found.reached // found.points if found.points else 100} %"


def _gap(gap: Gap, console: Console) -> None:
    of = ", ".join(filter(None, (gap.requirement, gap.version and f"version {gap.version}")))
    _whole(console, f"{gap.where}: {of}: {gap.words}")
    if gap.sketch is None:
        say(console, "  No sketch: none of those that were tried reaches it.")
        return
    for line in sketch_yaml(gap.sketch):
        _whole(console, line)


def _whole(console: Console, text: str, style: str = "") -> None:
    """A line that is not broken: a place for an editor, or YAML to paste."""
    console.print(safe(console, text), style=style or None, soft_wrap=True)


def sketch_yaml(sketch: Sketch) -> Iterator[str]:
    """An item of `examples`, two blanks in, as the shipped files are written."""
    yield f"  - id: {sketch.id}"
    yield f"    why: {json.dumps(sketch.why, ensure_ascii=False)}"
    yield "    given:"
    for name, value in sketch.given.items():
        if isinstance(value, list):
            yield f"      {name}:"
            yield from (f"        - {_flow(row)}" for row in value)
        else:
            yield f"      {name}: {_flow(value)}"
    yield "    expect:"
    yield f"      verdict: {sketch.verdict}"
    if sketch.requirements:
        yield "      requirements:"
    for requirement, expected in sketch.requirements.items():
        yield f"        {requirement}: {_flow(expected)}"


def _flow(value: Any) -> str:
    """A value in one line: `{modality: CT, at: "2026-02-20"}`."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return _key(str(value))


def _key(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _NO_TEXT
    return text if plain else json.dumps(text, ensure_ascii=False)
