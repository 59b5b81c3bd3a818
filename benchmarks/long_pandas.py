"""The same result as `long_sql.py`, as an analyst would write it in pandas: merge, sort, keep the first."""

import sys

import numpy as np
import pandas as pd

folder = sys.argv[1]
LIVER = ["liver", "abdomen", "abdomen-pelvis", "chest-abdomen-pelvis"]
MONTH = pd.Timedelta(days=30)
cases = pd.read_parquet(f"{folder}/cases.parquet")
columns = ["event_id", "patient_id", "kind", "status", "at", "modality", "region"]
events = pd.read_parquet(f"{folder}/events.parquet", columns=columns)
cases["anchor"] = cases.surgery_at.dt.normalize()
cases["not_applicable"] = np.select(
    [cases.status == "cancelled", cases.urgency == "emergency"], ["cancelled_case", "excluded"], ""
)
events = events[(events.kind == "imaging") & events.modality.isin(["CT", "MR"])]
asked = cases.loc[cases.not_applicable == "", ["case_id", "patient_id", "surgery_at", "anchor"]]
pairs = asked.merge(events.drop(columns="kind"), on="patient_id")
pairs["lo"] = pairs["at"].dt.normalize()
days = (pairs.anchor - pairs.lo).dt.days
late = pairs["at"] >= pairs.surgery_at
inside = ~late & (days <= 30)
region, done = pairs.region.isin(LIVER), pairs.status == "completed"
pairs["open"] = (~region).astype("int8") + (~done).astype("int8") + (~inside).astype("int8")
pairs["distance"] = np.select([days > 30, days < 0], [days - 30, -days], 0)
pairs["too_old"] = done & region & ~inside & ~late
pairs["reason"] = np.select(
    [
        ~region,
        pairs.status == "ordered",
        pairs.status == "cancelled",
        pairs.status == "booked",
        late,
        ~inside,
    ],
    [
        "wrong_region",
        "ordered_not_booked",
        "cancelled",
        "booking_passed",
        "after_surgery",
        "too_old",
    ],
    "in_window",
)
key = ["case_id", "modality"]
pairs = pairs[[*key, "open", "distance", "lo", "event_id", "reason", "too_old"]]
old = pairs.groupby(key)["too_old"].any()
order = ["open", "distance", "lo", "event_id"]
best = pairs.sort_values(order, ascending=[True, True, False, True]).drop_duplicates(key)
best = best.drop(columns="too_old").merge(old.reset_index(), on=key)
wanted = pd.DataFrame({"requirement": ["ct", "mri"], "modality": ["CT", "MR"]})
result = cases.merge(wanted, how="cross").merge(best, on=key, how="left")
outside = result.not_applicable != ""
result["status"] = np.select(
    [outside, result.reason == "in_window", result.too_old.eq(True)],
    ["not_applicable", "met", "expired"],
    "missing",
)
result["valid_through"] = (result.lo + MONTH).where(result.reason.isin(["in_window", "too_old"]))
result["reason"] = result.not_applicable.where(outside, result.reason.fillna("never_ordered"))
result["days_before"] = (result.anchor - result.lo).dt.days
result["window_opens"] = (result.anchor - MONTH).mask(outside)
result["window_closes"] = result.anchor.mask(outside)
result = result.rename(columns={"lo": "event_date"})
result[
    [
        "case_id",
        "requirement",
        "status",
        "reason",
        "event_id",
        "event_date",
        "days_before",
        "window_opens",
        "window_closes",
        "valid_through",
    ]
].to_parquet(f"{folder}/pandas.parquet")
