"""One night: lock, read, evaluate, store, report, send.

Every step can be repeated. The store takes a night completely or not at all; the folder of reports
is replaced in one step and names its run; a message is queued under the name of its run. So a run
may be killed anywhere: the previous results stay in force, and the next start continues.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from qi_checker.audit.folder import page_keys
from qi_checker.cases.actions import Action, count_actions
from qi_checker.cases.evaluated import actions_in
from qi_checker.cases.twice import judge_twice
from qi_checker.engines.duckdb import Evaluation, evaluate_rulebook
from qi_checker.engines.duckdb.moved import mark_moved, too_old
from qi_checker.errors import EvaluationError, Exit, Problem, UserError
from qi_checker.nightly.anchors import foot, write_down
from qi_checker.nightly.config import seconds
from qi_checker.nightly.database import opened
from qi_checker.nightly.desk import put_on_desk
from qi_checker.nightly.digests import Digests
from qi_checker.nightly.feeds import feed_rows, late_words
from qi_checker.nightly.load import Settings
from qi_checker.nightly.lock import held
from qi_checker.nightly.moments import ahead, is_replay, moment
from qi_checker.nightly.outbox import Outbox
from qi_checker.nightly.plausibility import mark_age, night_checks
from qi_checker.nightly.reports import write_months, write_reports
from qi_checker.nightly.status import Log, Report, metrics_text
from qi_checker.nightly.waivers import Waived, waived
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.plausible_findings import Refused, check_accepted
from qi_checker.protocol.records import Records
from qi_checker.render.atomic import refused, sweep_parts, write_file
from qi_checker.sources.files import read_folder
from qi_checker.store import Store
from qi_checker.store.evaluated import night_of

Clock = Callable[[], datetime]  # the current time with its zone, for the lock, log and status only
Say = Callable[[str], None]


@dataclass(frozen=True)
class Done:
    """The outcome of a night. `problems` are sentences for stderr."""

    code: int
    words: str
    problems: list[str]
    warnings: list[str]


@dataclass
class Night:
    """The state that the steps of one night share."""

    settings: Settings
    as_of: AsOf
    started_at: datetime
    report: Report
    digests: Digests
    by_clock: bool  # the moment is the clock's; nobody gave one
    replay: bool = False
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)  # by protocol
    actions: list[Action] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    broken: Exception | None = None  # why storing stopped
    waived: Waived | None = None


def run_night(
    settings: Settings,
    as_of: AsOf,
    clock: Clock,
    say: Say = lambda words: None,
    by_clock: bool = False,
    accept: Sequence[str] = (),
) -> Done:
    """Run one night. Raise LockHeld, or UserError where not even a status can be written.

    by_clock: `as_of` comes from the clock of the site; nobody chose it.
    accept: plausibility checks whose refusal is ignored in this run.
    """
    check_accepted(accept)
    log = Log(settings.log, clock)
    log.check()
    with held(
        settings.lock, clock, timedelta(seconds=seconds(settings.config.lock_wait))
    ) as before:
        report = Report(settings.status, log)
        digests = Digests(settings, Outbox(settings.outbox))
        night = Night(settings, as_of, clock(), report, digests, by_clock)
        try:
            _clear_up(night, before is not None)
            report.begin(str(as_of), night.started_at.isoformat(timespec="seconds"))
        except OSError as error:
            raise refused(settings.status, error) from None
        try:
            _steps(night, say, accept)
        except Exception as error:
            report.failed(error)
        return _finish(night, clock)


def _clear_up(night: Night, killed: bool) -> None:
    """Clean up after the last run, if it was killed."""
    settings, report = night.settings, night.report
    settings.status.parent.mkdir(parents=True, exist_ok=True)
    sweep_parts(settings.status.parent)
    if killed:
        report.log.write("taken over", "warning")
    lost = night.digests.box.prepare()
    if lost:
        what = "1 message" if lost == 1 else f"{lost} messages"
        report.warn(
            f"{what} may have been sent when the last run was killed, and will not be "
            "sent again: see outbox/doubtful."
        )


def _steps(night: Night, say: Say, accept: Sequence[str]) -> None:
    settings, report = night.settings, night.report
    with report.phase("read"):
        say("reading records")
        records = read_folder(settings.data, settings.site, mapping=settings.mapping)
    try:
        with report.phase("store"):
            store = opened(settings)
            night.waived = waived(settings, store, records, night.as_of)
            records = night.waived.records
            checks = night_checks(settings, store, night.as_of, accept)
        try:
            _judge(
                night,
                store,
                evaluate_rulebook(
                    settings.bundles, records, night.as_of, settings.site, say, checks=checks
                ),
            )
        except Refused as error:
            _refused(night, store, error)
            return
        if settings.config.monthly and not night.replay:
            _months(night, store, records, accept)
        _anchor(night, store)
        if not night.replay:
            _tell(night)
        _send(night)
        store.close()
    finally:
        records.con.close()
    if night.failures:
        why = "Its cases have the status error"
        report.failed(
            EvaluationError(Problem(f, "could not be evaluated", why) for f in night.failures)
        )


def _refused(night: Night, store: Store, error: Refused) -> None:
    """Handle implausible records: store nothing, and mark the last list, which stays in force."""
    report = night.report
    report.failed(error)
    report.facts["plausibility"] = [finding.as_dict() for finding in error.findings]
    if not night.replay:
        try:
            with report.phase("mark the last list"):
                mark_age(night.settings, night.as_of, error)
        except OSError as problem:
            report.failed(refused(night.settings.reports, problem))
        night.digests.refused(store, night.as_of, error)
        _tell(night)
    store.close()


def _months(night: Night, store: Store, records: Records, accept: Sequence[str]) -> None:
    """Write last month's report if it is missing; the night is stored even if this fails."""
    report = night.report
    try:
        with report.phase("monthly report"):
            left_out = write_months(night.settings, store, records, night.as_of, accept)
    except UserError as error:
        report.failed(error)
        return
    # A report is left out in every night of the month; only the first night warns.
    before = (report.facts["last_good"] or {}).get("left_out") or ()
    for words in left_out:
        if words not in before:
            report.warn(words)
    report.facts["left_out"] = left_out


def _anchor(night: Night, store: Store) -> None:
    """Record the end of the trail outside the store, which reveals a cut-off or rebuilt trail."""
    end = store.trail.end()
    if end is None:
        return
    trail_end = {"sequence": end.sequence, "hash": end.hash}
    night.report.facts["trail"] = trail_end
    night.digests.foot = foot(trail_end)
    try:
        write_down(night.settings, trail_end, night.started_at)
    except UserError as error:
        night.report.warn(str(error.problems[0]), int(Exit.FAILED_ON))


def _judge(night: Night, store: Store, evaluations: Iterator[Evaluation]) -> None:
    """Store every protocol and write its reports meanwhile: its tables exist only once."""
    settings, report = night.settings, night.report
    _look_ahead(night, store)
    night.replay = is_replay(store, settings, night.as_of, night.started_at)
    if night.replay:
        report.warn(
            f"{night.as_of} is earlier than the latest stored night: it is stored as a replay, "
            "and reports and digest do not change. Was the clock set back?",
            int(Exit.FAILED_ON if night.by_clock else Exit.DONE),
        )
    stored = _each_stored(night, store, evaluations)
    if not night.replay:
        try:
            with report.phase("evaluate, keep and report"):
                write_reports(settings, stored, _label(night))
        except UserError as error:
            if night.broken is None:
                report.failed(error)
    try:
        for _ in stored:  # the rest, if the reports failed or are not required
            pass
    finally:
        if night.broken is not None:
            raise night.broken


def _look_ahead(night: Night, store: Store) -> None:
    """Warn of nights for future days: the latest night would be one of them."""
    for run in ahead(store, night.started_at, night.settings):
        if moment(run.as_of) != moment(str(night.as_of)):
            night.report.warn(
                f"Run {run.run_id} of {run.protocol} is for {run.as_of}, which is in the future: a "
                f"date or a clock was wrong. Remove it: qi-checker nightly forget {run.run_id}",
                int(Exit.FAILED_ON),
            )


def _label(night: Night) -> dict[str, Any]:
    """Return run.json of the reports; `runs` is filled while they are written."""
    return {"program": {"name": "qi-checker"}, "as_of": str(night.as_of), "runs": night.runs}


def _each_stored(night: Night, store: Store, each: Iterator[Evaluation]) -> Iterator[Evaluation]:
    """Yield every evaluation after it was stored and its digest was made."""
    try:
        for evaluation in each:
            _keep(night, store, evaluation)
            yield evaluation
    except Exception as error:
        night.broken = error
        raise


def _keep(night: Night, store: Store, evaluation: Evaluation) -> None:
    name = evaluation.compiled.bundle.protocol.id
    mark_moved(evaluation, store.earlier_schedules(name, str(night.as_of), too_old(evaluation)))
    with night.report.phase(f"judge twice {name}"):
        judge_twice(evaluation, page_keys(evaluation, night.settings.config.pages))
    feeds = feed_rows(evaluation)
    with night.report.phase(f"keep {name}"):
        kept = night_of(evaluation, night.started_at, feeds)
        stored = store.keep(kept)
    verdicts = dict(evaluation.con.execute(_VERDICTS).fetchall())
    night.actions += actions_in(evaluation)
    night.runs[name] = {
        "run": stored.run_id,
        "repeated": stored.repeated,
        "verdicts": verdicts,
        "actions": kept.manifest["actions"],
    }
    night.failures += [f"{name}, {failure}" for failure in evaluation.failures]
    night.report.facts |= {
        "runs": night.runs,
        "actions": count_actions(night.actions).facts,
        "feeds": feeds,
    }
    _note(night, evaluation)
    if not night.replay:
        with night.report.phase(f"desk {name}"):
            put_on_desk(store, evaluation, stored.run_id, stored.changes, feeds)
        late = [words for row in feeds if (words := late_words(row))]
        moved = night.waived.of(evaluation.compiled.bundle) if night.waived else []
        night.digests.prepare(store, evaluation, kept, stored.run_id, late, moved)
    night.report.save()


def _note(night: Night, evaluation: Evaluation) -> None:
    """Report the plausibility findings first in status, log and on the terminal."""
    noted = night.report.facts.setdefault("plausibility", [])
    for finding in evaluation.checked.findings:
        line = finding.as_dict()
        if line not in noted:
            noted.append(line)
            night.report.warn(f"Check the records first ({finding.check}): {finding.message}")


_VERDICTS = "SELECT verdict, count(*) FROM case_verdicts GROUP BY 1 ORDER BY 1"


def _tell(night: Night) -> None:
    """Write the digest as files, and as messages for the outbox."""
    report, digests = night.report, night.digests
    steps: tuple[tuple[str, Callable[[], None]], ...] = (
        ("digest", partial(digests.queue, night.started_at)),
        ("digest files", digests.write),
    )
    for name, step in steps:
        try:
            with report.phase(name):
                step()
        except UserError as error:
            report.failed(error)


def _send(night: Night) -> None:
    """Send everything in the queue, also from earlier nights and in a night without a digest."""
    report = night.report
    with report.phase("mail"):
        done = night.digests.send()
    if done is None:
        return
    report.log.write(
        "mail", sent=done.sent, refused=done.refused, doubtful=done.doubtful, waiting=done.waiting
    )
    if done.problem is not None:
        report.warn(str(done.problem), int(Exit.FAILED_ON))
    for number, what in ((done.refused, "refused"), (done.doubtful, "doubtful")):
        if number:
            report.warn(
                f"Messages {what} by the mail server: {number}; see outbox/{what}.",
                int(Exit.FAILED_ON),
            )
    if done.waiting and done.problem is None:
        report.warn(f"Messages that the mail server deferred: {done.waiting}.", int(Exit.FAILED_ON))


def _finish(night: Night, clock: Clock) -> Done:
    """Write status and metrics; return the outcome to print."""
    settings, report = night.settings, night.report
    report.facts["outbox"] = night.digests.box.counts()
    try:
        report.end(clock().isoformat(timespec="seconds"))
        if settings.config.prometheus is not None:
            text = metrics_text(report.facts).encode()
            write_file(settings.path(settings.config.prometheus), text, 0o644)
    except OSError as error:
        report.failed(refused(settings.status, error))
    if report.log.lost:
        report.warnings.append(f"{settings.log}: {report.log.lost} lines could not be written.")
    return Done(report.code, _words(night), report.problems, report.warnings)


def _words(night: Night) -> str:
    """Return one line about the new runs."""
    if not night.runs:
        return f"{night.as_of}: nothing was stored"
    runs = ", ".join(
        f"{name}: run {run['run']}{' (as before)' if run['repeated'] else ''}"
        for name, run in night.runs.items()
    )
    return f"{night.as_of}: {runs}"
