"""Profiles of events with equal properties: decided once per profile, and joined."""

from __future__ import annotations

from qi_checker.engines.inputs.codes import imaging_facts, never_texts, take_apart
from qi_checker.engines.inputs.reading import BY_PROFILE, own_event_columns
from qi_checker.engines.inputs.task import Task
from qi_checker.query.profiles import own_event_column


def event_profiles(task: Task) -> None:
    """Make the profiles: events with equal properties share one, which is decided once."""
    db, catalogue = task.db, task.needs.catalogue
    own = own_event_columns(db, task.needs.event_columns)
    called = {db.quote(c): db.as_text(db.quote(c)) for c in BY_PROFILE}
    called |= {db.quote(n): db.as_text(db.quote(c)) for c, n in own.items()}
    distinct_values = ", ".join(f"{value} AS {name}" for name, value in called.items())
    by = ", ".join(called.values())
    db.table(
        "looks",
        f"""
        SELECT {db.number(", ".join(called))} AS profile, l.*
        FROM (SELECT {distinct_values}, count(*) AS events FROM raw_events GROUP BY {by}) l""",
    )
    take_apart(
        db,
        f"""
        SELECT coalesce(codes, '') AS text FROM looks
        UNION SELECT coalesce({db.as_text("procedures")}, '') FROM raw_cases
        UNION SELECT coalesce({db.as_text("diagnoses")}, '') FROM raw_cases""",
        catalogue,
    )
    imaging_facts(db, catalogue)
    never_texts(db, sorted(task.needs.allowed_codes))
    known = [(word,) for word in (*catalogue.modalities, *catalogue.regions)]
    db.fill("known_words", {"word": "TEXT"}, known)
    absent = sorted(task.needs.event_columns - set(own))
    theirs = "".join(
        [f", {db.clean(db.quote(n))} AS {db.quote(n)}" for n in own.values()]
        + [f", CAST(NULL AS {db.TEXT}) AS {db.quote(own_event_column(c))}" for c in absent]
    )
    db.table("event_profiles", _profiles(task, theirs))


def _profiles(task: Task, theirs: str) -> str:
    """Return the SQL of profiles; values of columns take precedence over those of codes."""
    db, catalogue = task.db, task.needs.catalogue
    none = db.array(())

    def said(what: str) -> str:
        has_own = f"{db.size(f'said_{what}')} > 0"
        return f"CASE WHEN {has_own} THEN said_{what} ELSE code_{what} END AS {what}"

    def unsure(what: str) -> str:
        """Return the SQL of whether none is recorded, or a word is outside the vocabulary."""
        known = db.array((*catalogue.modalities, *catalogue.regions))
        return f"({db.size(what)} = 0 OR NOT {db.within(what, known)})"

    return f"""
        WITH said AS (SELECT profile, events{theirs}, lower({db.clean("kind")}) AS kind,
                             lower({db.clean("status")}) AS status, coalesce(codes, '') AS codes,
                             lower({db.clean("provenance")}) AS provenance,
                             {db.words("modality", "upper")} AS said_modalities,
                             {db.words("region", "lower")} AS said_regions FROM looks),
        both_said AS (SELECT s.*, s.codes IN (SELECT text FROM code_items) AS coded,
                             coalesce(f.never, false) AS never, coalesce(f.warns, false) AS warns,
                             coalesce(f.modalities, {none}) AS code_modalities,
                             coalesce(f.regions, {none}) AS code_regions
                      FROM said s LEFT JOIN imaging_facts f ON f.text = s.codes),
        whole AS (SELECT b.*, {said("modalities")}, {said("regions")} FROM both_said b)
        SELECT w.*, {unsure("modalities")} AS modality_unsure,
               {unsure("regions")} AS region_unsure FROM whole w"""
