"""Synthetic records that reproduce every figure printed in the abstract of the study.

Menard et al. 2020 (doi 10.31487/j.JSO.2020.03.02) print counts, means and ranges; the underlying
records are not published. These are made up to give the same figures, to show what follows from the
figures and what does not. Dates, kinds of change, and the study from which an interval is counted
are not printed: here CT and MRI are on the same day, so that every interpretation gives the mean.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from qi_checker.protocol.records import CASES, EVENTS, IOUS

BEFORE = (date(2021, 1, 1), date(2022, 12, 31))
AFTER = (date(2023, 1, 1), date(2023, 12, 31))
COMMAND = f"--before {BEFORE[0]}..{BEFORE[1]} --after {AFTER[0]}..{AFTER[1]}"  # options of study

# Days from imaging to surgery. Means 46 and 20, ranges 7-126 and 1-98 as printed; the spread is
# chosen so that a t-test gives the printed p = 0.001.
DAYS_BEFORE = (
    53,
    125,
    63,
    56,
    35,
    37,
    11,
    125,
    19,
    27,
    8,
    81,
    28,
    9,
    8,
    61,
    54,
    39,
    25,
    27,
    56,
    30,
    49,
    27,
    7,
    75,
    45,
    21,
    47,
    20,
    58,
    35,
    91,
    9,
    57,
    17,
    126,
    39,
    94,
)
DAYS_AFTER = (
    41,
    22,
    13,
    2,
    2,
    9,
    2,
    1,
    9,
    2,
    2,
    2,
    6,
    98,
    3,
    45,
    6,
    82,
    27,
    27,
    2,
    24,
    17,
    59,
    2,
    30,
    5,
)
WITH_MRI_BEFORE = frozenset((0, 3, 8, 9, 11, 20, 21, 22, 23, 24, 26, 27, 28, 36))  # 14 of 39
CHANGED_BEFORE = {
    1: "additional_resection",
    4: "extended_resection",
    7: "additional_resection",
    11: "abandoned",
    15: "changed_margin",
    19: "additional_ablation",
    25: "additional_resection",
    30: "extended_resection",
    32: "limited_resection",
    36: "additional_resection",
}
CHANGED_AFTER = {
    2: "additional_resection",
    8: "changed_margin",
    13: "extended_resection",
    17: "additional_resection",
    23: "limited_resection",
}
_ABOUT = "made up: reconstructed from printed figures"

_README = """\
# Synthetic hospital: a study reconstructed

**All data in this folder is made up.** No person, operation or scan in it is real. The rows were
written by `qi_checker.demo.study` so that they give every figure that the abstract of

> Menard A, Jalink D, O'Malley L, Wong S, Nanji S. Surgical Planning of Hepatic Metastasectomy Using
> Radiologist-Performed Intraoperative Ultrasound. Journal of Surgical Oncology (Science
> Repository), 2020. doi:10.31487/j.JSO.2020.03.02

prints: 39 and 27 liver resections; CT in all; MRI in 36% (14 of 39) and in all; 46 days (7–126) and
20 days (1–98) from imaging to surgery; a changed plan in 10 and in 5. Dates, kinds of change and
everything else are invented. `published.yaml` holds the printed figures for the comparison.

    qi-checker study --data . {command} --out study
"""

_SITE = "# Settings of a synthetic hospital.\ntimezone: America/Toronto\n"

_PUBLISHED = """\
# Figures as the abstract of the study prints them. The records in this folder are synthetic and
# made up to match them; docs/commands.md (study) explains the keys.
source: >-
  Menard A, Jalink D, O'Malley L, Wong S, Nanji S. Surgical Planning of Hepatic Metastasectomy Using
  Radiologist-Performed Intraoperative Ultrasound. Journal of Surgical Oncology (Science
  Repository), 2020. doi:10.31487/j.JSO.2020.03.02
note: >-
  These records are synthetic. They were reconstructed from the printed figures and are nobody's;
  dates, kinds of change and the spread of the days are invented. That they agree with counts, means
  and ranges is how they were made, and shows nothing. What the counts themselves give, such as
  chi-squared, is shown by any records with these counts.
figures:
  - {title: "Liver resections before", figure: before.cases, printed: "39"}
  - {title: "Liver resections after", figure: after.cases, printed: "27"}
  - {title: "CT before", figure: before.present.ct, printed: "100%"}
  - {title: "CT after", figure: after.present.ct, printed: "100%"}
  - {title: "MRI before", figure: before.present.mri, printed: "36%"}
  - {title: "MRI after", figure: after.present.mri, printed: "100%"}
  - {title: "Mean days from imaging to surgery before", figure: before.interval.mean, printed: "46"}
  - {title: "Mean days from imaging to surgery after", figure: after.interval.mean, printed: "20"}
  - {title: "Fewest days before", figure: before.interval.least, printed: "7"}
  - {title: "Most days before", figure: before.interval.most, printed: "126"}
  - {title: "Fewest days after", figure: after.interval.least, printed: "1"}
  - {title: "Most days after", figure: after.interval.most, printed: "98"}
  - {title: "p of the difference in days", figure: interval.p, printed: "0.001"}
  - {title: "Plan changed before", figure: before.plan_change, printed: "10"}
  - {title: "Plan changed after", figure: after.plan_change, printed: "5"}
  - {title: "Share with a changed plan before", figure: before.plan_change.percent, printed: "26%"}
  - {title: "Share with a changed plan after", figure: after.plan_change.percent, printed: "19%"}
  - {title: "Chi-squared of the change of plan", figure: plan_change.chi_squared, printed: "1.405"}
  - {title: "p of the change of plan", figure: plan_change.p, printed: "0.24"}
"""

Row = dict[str, str]


def write_study(out: Path) -> None:
    """Write cases, events, ious, site.yaml, published.yaml and a README into the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "exceptions.csv").unlink(missing_ok=True)  # of an earlier demo in this folder
    tables = {"cases.csv": CASES.names, "events.csv": EVENTS.names, "ious.csv": IOUS.names}
    for (name, columns), rows in zip(tables.items(), records(), strict=True):
        with (out / name).open("w", encoding="utf-8", newline="") as file:
            names = columns if "description" in columns else (*columns, "about")
            writer = csv.DictWriter(file, names, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    texts = {
        "README.md": _README.format(command=COMMAND),
        "site.yaml": _SITE,
        "published.yaml": _PUBLISHED,
    }
    for name, text in texts.items():
        (out / name).write_text(text, encoding="utf-8", newline="\n")


def records() -> tuple[list[Row], list[Row], list[Row]]:
    """Make cases, events and ious of both periods."""
    everyone = frozenset(range(len(DAYS_AFTER)))
    before = _period("B", BEFORE, DAYS_BEFORE, WITH_MRI_BEFORE, CHANGED_BEFORE)
    after = _period("A", AFTER, DAYS_AFTER, everyone, CHANGED_AFTER)
    return before[0] + after[0], before[1] + after[1], before[2] + after[2]


def _period(
    letter: str,
    period: tuple[date, date],
    days: Sequence[int],
    with_mri: frozenset[int],
    changed: dict[int, str],
) -> tuple[list[Row], list[Row], list[Row]]:
    """Make cases, events and ious of one period, with evenly spread operations."""
    cases: list[Row] = []
    events: list[Row] = []
    ious: list[Row] = []
    length = (period[1] - period[0]).days
    for i, interval in enumerate(days):
        day = period[0] + timedelta(days=(2 * i + 1) * length // (2 * len(days)))
        case, patient = f"SYN-{letter}{i + 1:02d}", f"SYN-P-{letter}{i + 1:02d}"
        cases.append(
            {
                "case_id": case,
                "patient_id": patient,
                "surgery_at": f"{day}T08:00",
                "started_at": f"{day}T08:30",
                "status": "performed",
                "procedures": "ICD-10-PCS:0FB00ZZ",
                "diagnoses": "ICD-10-CM:C78.7",
                "urgency": "elective",
                "about": _ABOUT,
            }
        )
        scanned = day - timedelta(days=interval)
        modalities = ("CT", "MR") if i in with_mri else ("CT",)
        events += [_scan(case, patient, modality, scanned) for modality in modalities]
        ious.append(
            {
                "case_id": case,
                "performed": "yes",
                "plan_recorded_before": "yes",
                "plan_change": changed.get(i, "no_change"),
                "operator": "radiologist",
                "about": _ABOUT,
            }
        )
    return cases, events, ious


def _scan(case: str, patient: str, modality: str, day: date) -> Row:
    return {
        "event_id": f"{case}-{modality}",
        "patient_id": patient,
        "kind": "imaging",
        "status": "completed",
        "at": f"{day}T{10 if modality == 'CT' else 11}:00",
        "modality": modality,
        "region": "liver",
        "provenance": "internal",
        "recorded_at": f"{day}T23:10",
        "description": f"{modality} of the liver, {_ABOUT}",
    }
