"""The same decision as an analyst would write it in pandas: merge, filter, group."""

import sys

import pandas as pd

folder = sys.argv[1]
columns = ["patient_id", "kind", "status", "at", "modality", "region"]
regions = ["liver", "abdomen", "abdomen-pelvis", "chest-abdomen-pelvis"]
cases = pd.read_parquet(f"{folder}/cases.parquet")
events = pd.read_parquet(f"{folder}/events.parquet", columns=columns)
cases = cases[(cases.status != "cancelled") & (cases.urgency != "emergency")]
events = events[
    (events.status == "completed") & (events.kind == "imaging") & events.region.isin(regions)
]
both = cases[["case_id", "patient_id", "surgery_at"]].merge(
    events[["patient_id", "at", "modality"]], on="patient_id"
)
days = (both.surgery_at.dt.normalize() - both["at"].dt.normalize()).dt.days
both = both[days.between(0, 30) & (both["at"] < both.surgery_at)]
found = cases[["case_id"]].copy()
for name, modality in (("ct", "CT"), ("mri", "MR")):
    found[name] = found.case_id.isin(both.case_id[both.modality == modality])
found.to_parquet(f"{folder}/pandas.parquet")
