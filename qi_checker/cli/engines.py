"""Where an audit is evaluated: `--engine`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence

from qi_checker.cli.common import (
    checks_of,
    is_rulebook,
    moment_of,
    protocol_path,
    read_request,
    read_site,
)
from qi_checker.cli.profile import Profile
from qi_checker.engines.duckdb import Evaluation, evaluate, evaluate_rulebook
from qi_checker.errors import Problem, UserError, did_you_mean
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.load import load_protocol
from qi_checker.sources.files import read_folder
from qi_checker.sources.raw import connect

_DATABASE = ("postgresql://", "postgres://")
Phase = Callable[[str], None]


def check_engine(arguments: argparse.Namespace) -> None:
    """Raise UserError for an unknown engine and for options that the engine does not support."""
    engine, pages = arguments.engine, arguments.pages
    problems = []
    if pages is not None and pages < 0:
        advice = "Give the maximum number of case pages, 0 for none"
        problems.append(Problem("--pages", f"{pages} is not possible", "", advice))
        pages = None
    if _in_database(arguments):
        if arguments.data is not None:
            problems.append(
                Problem("--data", "the database holds the records", "", "Remove --data")
            )
        if pages:
            why = "Most rows stay in the database, and a page shows rows"
            problems.append(
                Problem("--pages", "does not apply to a database", why, "Remove --pages")
            )
        problems += _unmapped(
            arguments, "The database holds tables with the columns of the contract"
        )
    elif on_spark(arguments):
        problems += _spark_problems(arguments)
    elif engine != "duckdb":
        # An address may hold a password, so it is not repeated.
        scheme = engine.partition("://")[0]
        what = f"unknown engine {scheme}://" if "://" in engine else f"unknown engine {engine}"
        advice = did_you_mean(scheme, ["duckdb", "postgresql", "spark"])
        use = "Use duckdb, postgresql://…, spark or spark://…"
        problems.append(Problem("--engine", what, "", advice or use))
    elif arguments.data is None:
        advice = "Give the folder with cases and events"
        problems.append(Problem("--data", "is required", "", advice))
    if problems:
        raise UserError(problems)


def _unmapped(arguments: argparse.Namespace, why: str) -> Iterator[Problem]:
    """Yield a problem for a mapping that the engine would ignore."""
    beside = arguments.data is not None and (arguments.data / "mapping.yaml").is_file()
    if arguments.mapping is not None or beside:
        where = "--mapping" if arguments.mapping is not None else str(arguments.data)
        advice = "Write the records with qi-checker import files, and give their folder"
        yield Problem(where, "this engine does not read a mapping", why, advice)


def _spark_problems(arguments: argparse.Namespace) -> Iterator[Problem]:
    if arguments.data is None:
        advice = "Give the folder with cases and events as Parquet"
        yield Problem("--data", "is required", "", advice)
    if arguments.pages and arguments.pages > 0:
        why = "Pages show rows, and the rows stay in Spark"
        yield Problem("--pages", "does not apply to Spark", why, "Remove --pages")
    if arguments.profile is not None:
        why = "Spark runs a step only when a later step reads it"
        yield Problem("--profile", "does not apply to Spark", why, "Remove --profile")
    yield from _unmapped(arguments, "Spark reads Parquet files with the columns of the contract")
    if is_rulebook(arguments.protocol):
        advice = "Give the folder of one protocol, and run it for each"
        yield Problem("--protocol", "Spark evaluates one protocol at a time", "", advice)


def pages_of(arguments: argparse.Namespace) -> int:
    """Return the maximum number of case pages."""
    from qi_checker.audit.folder import PAGES

    if arguments.pages is None:
        return 0 if _in_database(arguments) else PAGES
    return int(arguments.pages)


def audited(arguments: argparse.Namespace, profile: Profile, progress: Phase) -> Evaluation:
    """Evaluate one protocol where the records are."""
    if not _in_database(arguments):
        request = read_request(arguments)
        checks = checks_of(arguments, request.site)
        return evaluate(*request, progress=progress, watch=profile.watch, checks=checks)
    from qi_checker.engines import postgres

    bundle = load_protocol(protocol_path(arguments.protocol))
    site = read_site(arguments)
    as_of = moment_of(arguments.as_of, site)
    checks = checks_of(arguments, site)
    return postgres.evaluate(
        bundle, arguments.engine, as_of, site, connect(), progress, profile.watch, checks
    )


def audited_together(
    bundles: Sequence[Bundle], arguments: argparse.Namespace, profile: Profile, progress: Phase
) -> Iterator[Evaluation]:
    """Evaluate the protocols of a rulebook; read their records only once."""
    site = read_site(arguments)
    as_of = moment_of(arguments.as_of, site)
    watch, checks = profile.watch, checks_of(arguments, site, alone=len(bundles) == 1)
    if not _in_database(arguments):
        records = read_folder(arguments.data, site, mapping=arguments.mapping)
        return evaluate_rulebook(bundles, records, as_of, site, progress, watch, checks)
    from qi_checker.engines import postgres

    address, con = arguments.engine, connect()
    return postgres.evaluate_rulebook(bundles, address, as_of, site, con, progress, watch, checks)


def on_spark(arguments: argparse.Namespace) -> bool:
    """Whether `--engine` names Spark: `spark`, or the address of a cluster."""
    return arguments.engine == "spark" or str(arguments.engine).startswith("spark://")


def _in_database(arguments: argparse.Namespace) -> bool:
    return str(arguments.engine).startswith(_DATABASE)
