"""audit, checklist, check and what-if."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator

from qi_checker.cli.common import as_json, checks_of, is_rulebook, progress, read_request
from qi_checker.cli.engines import audited, audited_together, check_engine, on_spark, pages_of
from qi_checker.cli.outputs import check_output, in_text, put_page, write_out
from qi_checker.cli.profile import Profile
from qi_checker.cli.streams import console
from qi_checker.engines.duckdb import Evaluation, evaluate
from qi_checker.errors import EvaluationError, Exit, Problem, UserError, did_you_mean
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.load import load_rulebook
from qi_checker.protocol.vocabulary import Verdict

LONGEST = 3660  # maximum number of days that a checklist looks ahead


def audit(arguments: argparse.Namespace) -> int:
    """Evaluate all cases and write the folder of the audit, or of a rulebook of audits."""
    from qi_checker.audit.folder import OURS
    from qi_checker.render.atomic import check_replaceable

    wanted = _verdicts(arguments.fail_on)
    check_engine(arguments)
    check_replaceable(arguments.out, OURS)  # before minutes of work
    of = _audit_many if is_rulebook(arguments.protocol) else _audit_one
    if on_spark(arguments):
        from qi_checker.cli.spark_audits import audit_on_spark as of
    verdicts, failures = of(arguments)
    if failures:
        raise _failed(failures)
    return int(Exit.FAILED_ON if verdicts & set(wanted) else Exit.DONE)


def _audit_one(arguments: argparse.Namespace) -> tuple[set[str], list[str]]:
    """Audit one protocol; return the verdicts that occur and the failures."""
    from qi_checker.audit.folder import write_audit

    profile = Profile(arguments)
    with progress() as shown:
        evaluation = audited(arguments, profile, shown.phase)
        page = write_audit(evaluation, arguments.out, pages_of(arguments), shown.count)
    from qi_checker.audit.text import audit_summary_text

    audit_summary_text(page, console(), str(arguments.out / "index.html"))
    for line in _words_for_screen(evaluation):
        print(line)
    profile.show()
    return {v for v, number in page.verdicts if number}, evaluation.failures


def _words_for_screen(evaluation: Evaluation) -> Iterator[str]:
    """Yield a line for each word outside a vocabulary, only for a terminal: it may be a name."""
    if not sys.stdout.isatty():
        return
    from qi_checker.audit.problems import unknown_words

    for column, word, number in unknown_words(evaluation):
        plain = "".join(c if c.isprintable() else "?" for c in word[:60])
        yield f"events.{column}: {plain} is outside the vocabulary ({number})."


def _audit_many(arguments: argparse.Namespace) -> tuple[set[str], list[str]]:
    """Audit all protocols of a rulebook; return the verdicts that occur and the failures."""
    from qi_checker.audit.folder import write_rulebook

    profile = Profile(arguments)
    bundles = load_rulebook(arguments.protocol)
    failures: list[str] = []
    words: list[str] = []

    def watched(evaluations: Iterable[Evaluation]) -> Iterator[Evaluation]:
        for number, one in enumerate(evaluations, start=1):
            name = one.compiled.bundle.protocol.id
            shown.head = f"protocol {number} of {len(bundles)}, {name}: "
            failures.extend(f"{name}, {failure}" for failure in one.failures)
            yield one
            if number == len(bundles):
                words.extend(_words_for_screen(one))
            shown.head = ""

    with progress() as shown:
        each = watched(audited_together(bundles, arguments, profile, shown.phase))
        page = write_rulebook(each, arguments.out, pages_of(arguments), shown.count)
    from qi_checker.audit.text import rulebook_summary_text

    rulebook_summary_text(page, console(), str(arguments.out / "index.html"))
    print("\n".join(words), end="\n" if words else "")
    profile.show()
    return {v for line in page.lines for v, number in line.verdicts if number}, failures


def _verdicts(text: str) -> list[str]:
    known = [v.value for v in Verdict]
    words = [w.strip() for w in text.split(",") if w.strip()]
    wrong = [w for w in words if w not in known]
    if wrong:
        raise UserError(
            [
                Problem("--fail-on", f"{w} is not a verdict", "", did_you_mean(w, known))
                for w in wrong
            ]
        )
    return words


def _failed(failures: Iterable[str]) -> UserError:
    why = "Its cases have the status error"
    return EvaluationError([Problem(f, "could not be evaluated", why) for f in failures])


def checklist(arguments: argparse.Namespace) -> int:
    """Print the upcoming cases, the most urgent action first."""
    from qi_checker.cases.checklist import checklist as build
    from qi_checker.cases.checklist import earlier_actions

    if not 0 <= arguments.days <= LONGEST:
        advice = f"Give the number of days to look ahead, at most {LONGEST}"
        raise UserError(Problem("--days", f"{arguments.days} is not possible", "", advice))
    check_output(arguments.format, arguments.output, "--output")
    profile = Profile(arguments)
    request = read_request(arguments)
    checks = checks_of(arguments, request.site)
    evaluation = evaluate(*request, watch=profile.watch, checks=checks)
    _check_desk(arguments.desk, request.bundle)
    earlier = earlier_actions(arguments.since) if arguments.since is not None else None
    view = build(
        evaluation,
        arguments.days,
        arguments.desk,
        arguments.surgeon,
        arguments.group_by,
        earlier,
    )
    if arguments.format == "text":
        from qi_checker.cases.text import checklist_text

        in_text(arguments.output, lambda shown: checklist_text(view, shown))
    elif arguments.format == "json":
        write_out(as_json(view), arguments.output)
    elif arguments.format == "ics":
        from qi_checker.cases.deadlines import calendar_of

        write_out(calendar_of(view), arguments.output)
    else:
        from qi_checker.cases.pages import checklist_page
        from qi_checker.render.paper import MOST_ROWS

        most = MOST_ROWS if arguments.format == "pdf" else None
        put_page(checklist_page(view, most), arguments)
    profile.show()
    if evaluation.failures:
        raise _failed(evaluation.failures)
    return Exit.DONE


def _check_desk(desk: str, bundle: Bundle) -> None:
    """Raise UserError for a desk that the protocol does not name."""
    leaves = [leaf for version in bundle.protocol.versions for leaf in version.leaves]
    owners = sorted({owner for leaf in leaves for owner in leaf.owners})
    if desk and desk not in owners:
        advice = did_you_mean(desk, owners)
        raise UserError(Problem("--desk", f"the protocol names no owner {desk}", "", advice))
