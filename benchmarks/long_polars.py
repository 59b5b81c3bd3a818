"""The same result as `long_sql.py`, as an analyst would write it in Polars, lazily."""

import sys
from datetime import date

import polars as pl

folder = sys.argv[1]
LIVER = ["liver", "abdomen", "abdomen-pelvis", "chest-abdomen-pelvis"]
REQUIREMENTS = pl.LazyFrame({"requirement": ["ct", "mri"], "modality": ["CT", "MR"]})
lo, anchor = pl.col("lo"), pl.col("anchor")

cases = pl.scan_parquet(f"{folder}/cases.parquet").select(
    "case_id",
    "patient_id",
    "surgery_at",
    pl.col("surgery_at").dt.date().alias("anchor"),
    pl.when(pl.col("status") == "cancelled")
    .then(pl.lit("cancelled_case"))
    .when(pl.col("urgency") == "emergency")
    .then(pl.lit("excluded"))
    .alias("not_applicable"),
)
events = (
    pl.scan_parquet(f"{folder}/events.parquet")
    .filter(pl.col("kind") == "imaging", pl.col("modality").is_in(["CT", "MR"]))
    .select(
        "patient_id",
        "event_id",
        "at",
        "status",
        "modality",
        pl.col("at").dt.date().alias("lo"),
        pl.col("region").is_in(LIVER).alias("region_passes"),
    )
)
done, region = pl.col("status") == "completed", pl.col("region_passes")
late, inside = pl.col("late"), pl.col("inside")
reason = (
    pl.when(~region)
    .then(pl.lit("wrong_region"))
    .when(pl.col("status") == "ordered")
    .then(pl.lit("ordered_not_booked"))
    .when(pl.col("status") == "cancelled")
    .then(pl.lit("cancelled"))
    .when(pl.col("status") == "booked")
    .then(pl.lit("booking_passed"))
    .when(late)
    .then(pl.lit("after_surgery"))
    .when(~inside)
    .then(pl.lit("too_old"))
    .otherwise(pl.lit("in_window"))
)
days = (anchor - lo).dt.total_days()
distance = pl.when(days > 30).then(days - 30).when(days < 0).then(-days).otherwise(0)
scored = (
    cases.filter(pl.col("not_applicable").is_null())
    .join(events, on="patient_id")
    .with_columns((pl.col("at") >= pl.col("surgery_at")).alias("late"))
    .with_columns((~late & (days <= 30)).alias("inside"))
    .select(
        "case_id",
        "modality",
        "event_id",
        "lo",
        reason.alias("reason"),
        (done & region & ~inside & ~late).alias("too_old"),
        ((~region).cast(pl.Int8) + (~done).cast(pl.Int8) + (~inside).cast(pl.Int8)).alias("open"),
        distance.alias("distance"),
        (pl.lit(date(2300, 1, 1)) - lo).dt.total_days().alias("recency"),
    )
)
best = scored.group_by("case_id", "modality").agg(
    pl.col("too_old").any(),
    pl.col("event_id", "lo", "reason").sort_by("open", "distance", "recency", "event_id").first(),
)
result = (
    cases.join(REQUIREMENTS, how="cross")
    .join(best, on=["case_id", "modality"], how="left")
    .select(
        "case_id",
        "requirement",
        pl.when(pl.col("not_applicable").is_not_null())
        .then(pl.lit("not_applicable"))
        .when(pl.col("reason") == "in_window")
        .then(pl.lit("met"))
        .when(pl.col("too_old"))
        .then(pl.lit("expired"))
        .otherwise(pl.lit("missing"))
        .alias("status"),
        pl.coalesce("not_applicable", "reason", pl.lit("never_ordered")).alias("reason"),
        "event_id",
        lo.alias("event_date"),
        days.alias("days_before"),
        pl.when(pl.col("not_applicable").is_null())
        .then(anchor.dt.offset_by("-30d"))
        .alias("window_opens"),
        pl.when(pl.col("not_applicable").is_null()).then(anchor).alias("window_closes"),
        pl.when(pl.col("reason").is_in(["in_window", "too_old"]))
        .then(lo.dt.offset_by("30d"))
        .alias("valid_through"),
    )
)
result.collect(engine="streaming").write_parquet(f"{folder}/polars.parquet")
