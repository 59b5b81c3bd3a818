"""Write a proposed mapping as the text of mapping.yaml, with its questions as comments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from qi_checker.errors import count
from qi_checker.sources.inspect.proposal import Doubt, Path, Proposal

_WIDTH = 110
TORN = (
    "{rows} with another number of cells than the header cannot be read: "
    "texts with separators or line ends must be quoted"
)


def mapping_text(proposal: Proposal, target: str) -> str:
    """Return the text of mapping.yaml. A question is above the line that it is about."""
    lines = [
        f"# Proposed by qi-checker inspect {target}",
        "# Read every line. Then check the result on twenty rows: qi-checker inspect --dry-run",
    ]
    if summary := still_open(proposal):
        lines.append(f"# {summary}")
    for part in proposal.parts:
        what = f"seems to contain {part.kind}" if part.kind else "is not used: nothing matches"
        sure = f" ({part.sure:.0%} sure)" if part.kind else ""
        lines.append(f"# {part.title}: {count(part.rows, 'row')}; {what}{sure}")
        if part.torn:
            lines.append(f"#   {TORN.format(rows=count(part.torn, 'more row'))}")
        if part.kind and part.unused:
            lines.append(f"#   not used: {', '.join(part.unused)}")
    for key, value in proposal.mapping.items():
        lines.append("")
        lines += _key(proposal, key, value)
    return "\n".join(lines) + "\n"


def still_open(proposal: Proposal) -> str:
    """Say how many questions have no answer; empty if all have one."""
    number = sum(doubt.usual is None for doubt in proposal.doubts)
    if not number:
        return ""
    if number == 1:
        return "1 question is open: the mapping is refused until it is answered."
    return f"{number} questions are open: the mapping is refused until they are answered."


def _key(proposal: Proposal, key: str, value: Any) -> Iterator[str]:
    yield f"{key}:"
    if isinstance(value, list):
        for number, block in enumerate(value):
            for at, line in enumerate(_block(proposal, (key, number), block)):
                yield ("  - " if at == 0 and not line.startswith("#") else "    ") + line
        return
    for line in _block(proposal, (key,), value):
        yield f"  {line}"


def _block(proposal: Proposal, path: Path, block: dict[str, Any]) -> Iterator[str]:
    for key, value in block.items():
        if key != "columns" or not isinstance(value, dict):
            yield from _asked(proposal, (*path, key))
            yield f"{key}: {_flow(value)}"
    if isinstance(block.get("columns"), dict):
        yield "columns:"
        for name, source in block["columns"].items():
            for line in _asked(proposal, (*path, "columns", name)):
                yield f"  {line}"
            yield f"  {name}: {_flow(source)}"


def _asked(proposal: Proposal, path: Path) -> Iterator[str]:
    """Yield the questions about a key and the keys below it."""
    for doubt in proposal.doubts:
        if doubt.path[: len(path)] == path:
            yield f"# QUESTION: {doubt.question}"
            yield f"#   {_answers(doubt)}"


def _answers(doubt: Doubt) -> str:
    options = [
        f"{words}{' (as written)' if n == doubt.usual else ''}"
        for n, (words, _) in enumerate(doubt.answers)
    ]
    return "; ".join(options)


def _flow(value: Any) -> str:
    text = yaml.safe_dump(
        value, default_flow_style=True, width=10**6, allow_unicode=True, sort_keys=False
    )
    return str(text).removesuffix("\n").removesuffix("\n...")
