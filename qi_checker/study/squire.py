"""The headings of SQUIRE 2.0 with the parts that the data can fill in; the rest is for the authors.

Goodman D et al., BMJ Qual Saf 2016;25:e7 (SQUIRE 2.0); headings only, the text is ours.
"""

from __future__ import annotations

from qi_checker.study import words as said
from qi_checker.study.views import Study

YOURS = "To be written by you."
_ITEMS = (
    "Title",
    "Abstract",
    "Problem description",
    "Available knowledge",
    "Rationale",
    "Specific aims",
    "Context",
    "Intervention(s)",
    "Study of the intervention(s)",
    "Measures",
    "Analysis",
    "Ethical considerations",
    "Results",
    "Summary",
    "Interpretation",
    "Limitations",
    "Conclusions",
    "Funding",
)


def squire(study: Study) -> tuple[tuple[int, str, str, bool], ...]:
    """Return (number, heading, text, whether the data gave the text), in the guideline's order."""
    before, after = study.periods
    known = {
        1: f"{study.title}: operations of {said.span(before)} against {said.span(after)}.",
        6: study.statement,
        9: f"Before/after comparison; {before.eligible} eligible operations before and "
        f"{after.eligible} after. {said.time_is_ignored(study)}",
        10: "Compliance in time, presence and timeliness of each study, days from imaging to "
        "surgery, and as an outcome the change of plan by intraoperative ultrasound. "
        f"Completeness of the data: {said.completeness(study)}",
        11: "Wilson intervals; difference of rates with Newcombe's interval; Fisher's exact test "
        "(primary) and N-1 chi-squared; Welch's t and Mann-Whitney with the Hodges-Lehmann shift. "
        "Variation over time: individuals (XmR) chart of days per operation, with mean and limits "
        f"of the earlier period continued over the later one. {said.over_time(study)}",
        13: f"{said.finding(study)} {said.plan_finding(study)} Missing: {said.missing(study)}",
        16: f"{said.power_line(study)} {said.time_is_ignored(study)}".strip(),
    }
    return tuple(
        (i, heading, known.get(i) or YOURS, bool(known.get(i)))
        for i, heading in enumerate(_ITEMS, start=1)
    )
