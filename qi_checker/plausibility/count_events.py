"""Count the events of the sample by series and week."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qi_checker.engines.inputs.database import Kind
from qi_checker.plausibility.measures import (
    FUTURE,
    UNDATED,
    WEEKS,
    Profile,
    Series,
    Week,
)
from qi_checker.plausibility.sample import Sample, is_midnight, is_night, swapped


def put_events(sample: Sample, profiles: Sequence[Profile]) -> Sequence[Series]:
    """Make table `look_events` of the sampled rows; return the series they belong to."""
    numbers: dict[Series, int] = {}
    regions: dict[tuple[str, ...], int] = {}
    rows = []
    for profile in profiles:
        modality = ";".join(profile.modalities or profile.code_modalities)
        provenance = profile.provenance or "internal"
        key = Series(profile.kind, profile.status, modality, provenance)
        region = regions.setdefault(profile.regions or profile.code_regions, len(regions))
        rows.append((profile.number, numbers.setdefault(key, len(numbers)), region))
    # Spark's profile numbers exceed an INTEGER.
    small = all(number < 2**31 for number, *_ in rows)
    number = "r.profile" if small else sample.db.as_text("r.profile")
    kind: Kind = "INTEGER" if small else "TEXT"
    columns: dict[str, Kind] = {"profile": kind, "series": "INTEGER", "region": "INTEGER"}
    sample.db.fill("look_series", columns, rows)
    late = f"coalesce(r.recorded_at_lo > {sample.today}, false)"
    sample.db.table(
        "look_events",
        f"""
        SELECT r.patient_id, s.series, s.region, r.status = 'completed' AS done,
               NOT {late} AS known,
               r.at_lo AS lo, r.at_hi AS hi, r.at_clock AS clock, r.recorded_at_lo AS recorded,
               r.recorded_at_clock AS recorded_clock, r.ordered_at_lo AS ordered,
               r.ordered_at_clock AS ordered_clock
        FROM read_events r JOIN look_series s ON s.profile = {number}
        WHERE {sample.used("events")} AND r.status <> 'entered-in-error'
              AND {sample.has("r.patient_id")}""",
    )
    return list(numbers)


def weeks(sample: Sample, series: Sequence[Series]) -> Iterator[Week]:
    """Count the events of each series by week."""
    conditions = {
        "timed": "clock IS NOT NULL",
        "midnight": is_midnight("clock", "lo"),
        "night": is_night("clock", "lo"),
        "recorded": "recorded IS NOT NULL",
        "recorded_before": "recorded < lo",
        "recorded_late": f"{sample.db.days('recorded', 'hi')} > 14",
        "at_is_recorded": "clock = recorded_clock",
        "both_timed": "clock IS NOT NULL AND recorded_clock IS NOT NULL",
        "ordered": "ordered IS NOT NULL",
        "ordered_after": "ordered > hi",
        "at_is_ordered": "ordered = lo",
        "minute_of_order": f"clock = ordered_clock AND NOT {is_midnight('clock', 'lo')}",
        "swapped": _swapped_event(sample),
        "before_1990": "extract(year FROM lo) < 1990",
        "month_start": "extract(day FROM lo) = 1 AND hi = lo",
        "partial": "hi > lo",
    }
    sums = ", ".join(f"count(*) FILTER (WHERE {sql})" for sql in conditions.values())
    rows = sample.db.rows(
        f"SELECT series, {_week(sample, 'lo', 'hi')}, known, count(*), max(lo), {sums} "
        "FROM look_events GROUP BY 1, 2, 3"
    )
    for number, week, known, events, newest, *numbers in rows:
        counts = dict(zip(conditions, map(int, numbers), strict=True))
        yield Week(series[number], int(week), bool(known), int(events), newest, **counts)


def _week(sample: Sample, first: str, last: str) -> str:
    """Return the SQL of an event's week number, by the last possible day of a month or year."""
    day = f"least({last}, {sample.today})"
    age = sample.db.days(sample.today, day)
    return (
        f"CASE WHEN {first} IS NULL THEN {UNDATED} WHEN {first} > {sample.today} THEN {FUTURE} "
        f"WHEN {age} >= {7 * WEEKS} THEN {WEEKS} ELSE CAST(floor({age} / 7) AS INTEGER) END"
    )


def _swapped_event(sample: Sample) -> str:
    """Return the SQL of whether a date fits record or order only with day and month swapped."""
    days = sample.db.days
    turned, recorded = swapped("lo"), swapped("recorded")
    by_record = f"abs({days('recorded', turned)}) <= 1 AND abs({days('recorded', 'lo')}) > 20"
    of_record = f"abs({days(recorded, 'lo')}) <= 1 AND abs({days('recorded', 'lo')}) > 20"
    by_order = (
        f"recorded IS NULL AND {days(turned, 'ordered')} BETWEEN 0 AND 31 "
        f"AND {days('lo', 'ordered')} NOT BETWEEN -3 AND 120"
    )
    return f"hi = lo AND (({by_record}) OR ({of_record}) OR ({by_order}))"
