"""Nights for past dates, stored as they would have been judged on their evening."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from qi_checker.audit.folder import page_keys
from qi_checker.cases.twice import judge_twice
from qi_checker.engines.duckdb import evaluate_rulebook
from qi_checker.errors import EvaluationError, Problem, UserError
from qi_checker.nightly.config import seconds
from qi_checker.nightly.database import opened
from qi_checker.nightly.feeds import feed_rows
from qi_checker.nightly.load import Settings
from qi_checker.nightly.lock import held
from qi_checker.nightly.night import Clock, Say
from qi_checker.nightly.plausibility import night_checks
from qi_checker.nightly.status import Log
from qi_checker.nightly.waivers import waived
from qi_checker.protocol.as_of import AsOf
from qi_checker.sources.files import read_folder
from qi_checker.store.evaluated import night_of

MOST = 3_700  # days; a longer span is a typing error


def days(first: AsOf, last: AsOf) -> list[date]:
    """Return every date of a span, both ends included. Raise UserError if it is not a span."""
    number = (last.date - first.date).days + 1
    if first.clock or last.clock or not 1 <= number <= MOST:
        raise UserError(
            Problem(
                "--from, --to",
                "is not a span of days",
                "",
                "Write both dates, the earlier one first: --from 2026-01-01 --to 2026-01-31",
            )
        )
    return [first.date + timedelta(days=n) for n in range(number)]


def replay(settings: Settings, span: list[date], clock: Clock, say: Say) -> Iterator[str]:
    """Store a night for every date of the span, in order; yield a line for each. Send no report."""
    log = Log(settings.log, clock)
    log.check()
    wait = timedelta(seconds=seconds(settings.config.lock_wait))
    failures: list[str] = []
    with held(settings.lock, clock, wait):
        records = read_folder(settings.data, settings.site, mapping=settings.mapping)
        store = opened(settings)
        try:
            for day in span:
                log.write("replay", as_of=str(day))
                then = waived(settings, store, records, AsOf(day)).records
                checks = night_checks(settings, store, AsOf(day), refuses=False)
                each = evaluate_rulebook(
                    settings.bundles, then, AsOf(day), settings.site, say, checks=checks
                )
                for evaluation in each:
                    judge_twice(evaluation, page_keys(evaluation, settings.config.pages))
                    feeds = feed_rows(evaluation)
                    stored = store.keep(night_of(evaluation, clock(), feeds))
                    name = evaluation.compiled.bundle.protocol.id
                    failures += [f"{day}, {name}, {f}" for f in evaluation.failures]
                    yield f"{day}: {name}: run {stored.run_id}{' (as before)' if stored.repeated else ''}"
        finally:
            store.close()
            records.con.close()
    if failures:
        raise EvaluationError(Problem(f, "could not be evaluated") for f in failures)
