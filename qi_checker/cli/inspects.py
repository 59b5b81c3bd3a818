"""inspect: look at an export, propose a mapping, show the resulting records."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qi_checker.audit.overview import reject_words
from qi_checker.audit.problems import rejected_rows
from qi_checker.cli.clock import time_of_day
from qi_checker.cli.common import protocol_path, read_site, warn
from qi_checker.errors import Exit, Problem, UserError, count
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.records import Records
from qi_checker.protocol.site import Site

if TYPE_CHECKING:
    from qi_checker.sources.inspect.dry_run import DryRun
    from qi_checker.sources.inspect.proposal import Doubt, Proposal

# Columns that can hold the name of an exam; an empty column says nothing.
_FROM_NAMES = ("kind", "modality", "region", "codes", "description")
_LISTED = 50  # unmapped values of one column; rejected rows


def inspect(arguments: argparse.Namespace) -> int:
    """Inspect an export, or run one of the tools behind the options."""
    if arguments.dry_run:
        return _dry_run(arguments)
    if arguments.like is not None:
        return _like(arguments)
    from qi_checker.sources.inspect.mapping_text import mapping_text, still_open
    from qi_checker.sources.inspect.propose import propose
    from qi_checker.sources.inspect.tables import read_tables
    from qi_checker.sources.raw import connect
    from qi_checker.sources.shipped import looks_like

    target = str(arguments.target)
    con = connect()
    seen, unread = read_tables(con, target)
    for problem in unread:
        warn(str(problem))
    proposal = propose(con, seen, target if "://" in target else "")
    if like := looks_like(str(one.place.get("file", "")) for one in seen):
        print(
            f"qi-checker: these files have the names of {like}, for which there is a mapping: "
            f"qi-checker inspect {target} --like {like}",
            file=sys.stderr,
        )
    if not proposal.mapping.get("cases") and not proposal.mapping.get("events"):
        what = "no file or table looks like operations or examinations"
        advice = "Name the files and columns in mapping.yaml yourself"
        raise UserError(Problem(target, what, "", advice))
    if arguments.out is None and not sys.stdout.isatty():
        print(mapping_text(proposal, target), end="")
        return Exit.DONE
    if sys.stdin.isatty() and sys.stdout.isatty():
        _converse(proposal, input)
    return _write(arguments, mapping_text(proposal, target), target, still_open(proposal))


def _like(arguments: argparse.Namespace) -> int:
    """Print or write a shipped mapping, with open questions for the hospital."""
    from qi_checker.sources.shipped import shipped_text

    text = shipped_text(arguments.like)
    if arguments.out is None and not sys.stdout.isatty():
        print(text, end="")
        return Exit.DONE
    return _write(arguments, text, str(arguments.target))


def _write(arguments: argparse.Namespace, text: str, target: str, unanswered: str = "") -> int:
    folder = Path(target) if Path(target).is_dir() else Path(target).parent
    out = arguments.out or (Path("mapping.yaml") if "://" in target else folder / "mapping.yaml")
    if out.exists() and not arguments.force:
        advice = "Give another file with --out, or replace it with --force"
        raise UserError(Problem(str(out), "already exists", "", advice))
    out.write_text(text, encoding="utf-8")
    if unanswered:
        print(f"{out}: {unanswered}")
    print(f"{out}: read every line, then check the result on twenty rows:")
    print(f"  qi-checker inspect {folder if '://' not in target else '.'} --dry-run")
    return Exit.DONE


# ---- the conversation ----------------------------------------------------------------------------


def _converse(proposal: Proposal, ask: Callable[[str], str]) -> None:
    """Ask a person about each doubt; an empty answer keeps the proposal or leaves it open."""
    from qi_checker.sources.inspect.mapping_text import TORN

    for part in proposal.parts:
        seems = (
            f"seems to contain {part.kind} ({part.sure:.0%} sure)" if part.kind else "is not used"
        )
        print(f"{part.title}: {count(part.rows, 'row')}; {seems}")
        if part.torn:
            print(f"  {TORN.format(rows=count(part.torn, 'more row'))}")
    if proposal.doubts:
        print("\nA number answers a question; Enter keeps the answer with a star, or none.")
    done: list[Doubt] = []
    while waiting := [d for d in proposal.doubts if d not in done]:
        doubt = waiting[0]
        done.append(doubt)
        print(f"\n{doubt.question}")
        for number, (words, _) in enumerate(doubt.answers, start=1):
            star = "*" if number - 1 == doubt.usual else " "
            print(f" {star}{number}  {words}")
        answer = _answer(doubt, ask)
        if answer is not None:
            proposal.answer(doubt, answer)
    print()


def _answer(doubt: Doubt, ask: Callable[[str], str]) -> int | None:
    while True:
        try:
            answer = ask("> ").strip()
        except EOFError:
            return doubt.usual
        if not answer:
            return doubt.usual
        if answer.isdigit() and 1 <= int(answer) <= len(doubt.answers):
            return int(answer) - 1
        print(f"Write a number from 1 to {len(doubt.answers)}, or nothing.")


# ---- dry run -------------------------------------------------------------------------------------


def _dry_run(arguments: argparse.Namespace) -> int:
    from qi_checker.engines.duckdb.database import set_apart
    from qi_checker.sources.files import mapping_of, read_folder
    from qi_checker.sources.inspect.dry_run import dry_run, newest_day

    folder = Path(arguments.target)
    arguments.data = folder
    site = read_site(arguments)
    loaded = mapping_of(folder, arguments.mapping, site)
    if loaded is None and not any(folder.glob("cases.*")):
        advice = f"Write one: qi-checker inspect {folder}"
        raise UserError(Problem(str(folder / "mapping.yaml"), "there is no mapping", "", advice))
    bundle = load_protocol(protocol_path(arguments.protocol))
    records = read_folder(folder, site, mapping=loaded)
    records.notes[:0] = set_apart(records)
    shown = dry_run(records, loaded)
    today = time_of_day().astimezone(site.zone).date()
    as_of = arguments.as_of or newest_day(records, today)
    _print(shown)
    _plausible(bundle, records, AsOf.parse(as_of), site)
    return Exit.DONE


def _plausible(bundle: Bundle, records: Records, as_of: AsOf, site: Site) -> None:
    """Print the results of the plausibility checks for the records and their evaluation."""
    from qi_checker.engines.duckdb import evaluate
    from qi_checker.plausibility import PlausibilityChecks

    done = evaluate(
        bundle, records, as_of, site, checks=PlausibilityChecks(site.checks, refuses=False)
    )
    findings = done.checked.findings
    print(f"\nPlausibility on {as_of} with protocol {bundle.protocol.id} (docs/plausibility.md):")
    if not site.checks.on:
        print("- off in the site settings")
    elif not findings:
        print("- no check found a problem")
    for finding in findings:
        print(f"- {finding.level} {finding.check}: {finding.message}")
    for line in rejected_rows(done):
        print(f"- {line}")
    for row in done.rows(f"{done.rejects_sql()} LIMIT {_LISTED}"):
        print(f"    {row['file']}, row {row['row']}: {reject_words(row)}")


def _print(shown: DryRun) -> None:
    for table in shown.tables:
        print(f"{table.name}: {count(table.number, 'record')} from {table.where}")
        width = max((len(c) for row in table.rows for c, *_ in row.cells), default=0)
        for row in table.rows:
            print(f"\n  {row.where}")
            for column, value, export in row.cells:
                if value or (export and column not in _FROM_NAMES):
                    print(f"    {column:<{width}}  {value:<28}  {export}".rstrip())
        print()
    print("Unmapped values:" if shown.unmapped else "Every value is mapped.")
    for column, values in shown.unmapped.items():
        print(f"\n  {column}")
        for value, number in values[:_LISTED]:
            print(f"    {number:>8}  {value}")
        if len(values) > _LISTED:
            print(f"    and {len(values) - _LISTED} more")
    print(f"\nThe join: {shown.joined}.")
    for note in shown.notes:
        print(f"- {note}")
