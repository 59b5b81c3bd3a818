"""How often intraoperative ultrasound changed the plan elsewhere: a band for orientation, not a
target.

Counts are from the abstracts of the publications; intervals are Wilson 95%, computed here. Where
no count is printed, the rate and its interval are those of the source.
"""

from __future__ import annotations

from dataclasses import dataclass

from qi_checker.statistics.proportions import wilson

CAPTION = "Not targets; definitions differ; a lower rate is not necessarily better."


@dataclass(frozen=True)
class Benchmark:
    """One publication. Proportions; `count` is empty where only the rate is printed."""

    citation: str
    count: str
    rate: float
    low: float
    high: float
    imaging: str


def _counted(citation: str, part: int, whole: int, imaging: str) -> Benchmark:
    low, high = wilson(part, whole) or (0.0, 1.0)
    return Benchmark(citation, f"{part}/{whole}", part / whole, low, high, imaging)


BENCHMARKS = (
    _counted("HPB 2011, PMC3183452", 69, 418, "CT, with or without MRI; mixed tumours"),
    _counted(
        "PMID 23065500, operations of 2010 and 2011",
        5,
        28,
        "mixed, after chemotherapy; effect of contrast-enhanced ultrasound",
    ),
    _counted(
        "Menard 2020, doi 10.31487/j.JSO.2020.03.02, after", 5, 27, "CT and MRI, mean 20 days"
    ),
    _counted("J Oncol 2019, article 1369274", 171, 721, "MRI within 1 month"),
    _counted(
        "Menard 2020, doi 10.31487/j.JSO.2020.03.02, before",
        10,
        39,
        "CT 100%, MRI 36%, mean 46 days",
    ),
    _counted(
        "World J Surg 2013, doi 10.1007/s00268-013-2183-6",
        140,
        515,
        "median 18 days; MRI 51%, PET 42%",
    ),
    _counted(
        "Surg Endosc 2010, doi 10.1007/s00464-009-0874-8", 35, 117, "helical CT within 4 weeks"
    ),
    Benchmark(
        "J Gastrointest Surg 2021, doi 10.1007/s11605-021-04925-2",
        "",
        0.35,
        0.22,
        0.50,
        "CT and MRI within 2 weeks; many lesions; 47 patients, count not printed",
    ),
)
BAND = (min(b.rate for b in BENCHMARKS), max(b.rate for b in BENCHMARKS))
