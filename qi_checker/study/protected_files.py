"""Page, JSON and CSV of a study whose small numbers are withheld, with its sentences."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from qi_checker.render.atomic import replaced_folder
from qi_checker.render.csv_files import write_rows
from qi_checker.render.html import environment
from qi_checker.render.paper import A4, on_paper
from qi_checker.render.pdf import pdf_of
from qi_checker.render.tables import Table
from qi_checker.render.xlsx import Properties, write_workbook
from qi_checker.statistics.small_numbers import Profile
from qi_checker.study import words as study_words
from qi_checker.study.folder import FORMATS, OURS, Written
from qi_checker.study.protected import ProtectedRate, ProtectedStudy, Side


def side(value: Side) -> str:
    """Format `14/39 (36%, 95% CI 23–52)`, or the printed numbers and marks."""
    return study_words.share(value.share) if value.share else f"{value.part}/{value.whole}"


def difference(rate: ProtectedRate) -> str:
    return study_words.difference(rate.compared) if rate.compared else "withheld"


def fisher(rate: ProtectedRate) -> str:
    return study_words.p_value(rate.compared.fisher) if rate.compared else "withheld"


def finding(study: ProtectedStudy) -> str:
    """Summarise the study in one sentence, from the printed numbers."""
    rate = study.rates[0]
    before = (
        f"Before, {side(rate.before)} of the operations complied with the whole protocol; after, "
    )
    if rate.compared is None:
        return f"{before}{side(rate.after)}. Small numbers are withheld, so the rates are not compared."
    return f"{before}{side(rate.after)}: {difference(rate)}, Fisher's exact p {fisher(rate)}."


def rule(profile: Profile) -> str:
    """Describe the effect of the profile in a sentence."""
    withheld = f"Counts of 1 to {profile.largest} are printed as “{profile.mark}”"
    if profile.rounded_to:
        return f"{withheld}; all others are rounded to the nearest {profile.rounded_to}, and everything is computed from the rounded numbers."  # noqa: E501
    return f"{withheld}, and so are others from which they could be derived."


def protected_page(study: ProtectedStudy) -> str:
    """Render the study as an HTML page."""
    import qi_checker.study.protected_files as sentences

    template = environment().get_template("study/protected.html.j2")
    return template.render(study=study, sentences=sentences, days_of=study_words.number)


def write_protected(study: ProtectedStudy, out: Path, format: str, paper: str = A4) -> Written:
    """Write everything into `out`; `format` as for an unprotected study."""
    formats = [name for name in FORMATS if format in (name, "all")]
    tables = _tables(study)
    with replaced_folder(out, OURS) as folder:
        for table in tables:
            write_rows(folder / f"{table.key}.csv", table.columns, table.rows)
        document = json.dumps(asdict(study), default=_plain, ensure_ascii=False, indent=2) + "\n"
        (folder / "study.json").write_text(document, encoding="utf-8")
        manifest = {"report": "study", "small_numbers": study.profile.name} | asdict(
            study.provenance
        )
        manifest["program"] = {"name": "qi-checker", "version": study.provenance.program_version}
        text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
        (folder / "manifest.json").write_text(text, encoding="utf-8")
        page = on_paper(protected_page(study), paper)
        if "html" in formats:
            (folder / "index.html").write_text(page, encoding="utf-8")
        if "pdf" in formats:
            (folder / "report.pdf").write_bytes(pdf_of(page))
        if "xlsx" in formats:
            properties = Properties(
                study.title, finding(study), study.provenance, (rule(study.profile),)
            )
            write_workbook(folder / "study.xlsx", tables, properties)
    return Written(finding(study), FORMATS[formats[0]] if formats else "study.json")


def _tables(study: ProtectedStudy) -> list[Table]:
    """Return the tables of CSV and workbook: numbers, or marks in their place."""
    days = (
        (period[0], str(d.n), d.mean, d.median)
        for period, d in zip(study.periods, study.days, strict=False)
    )
    return [
        Table("rates", "Rates", _RATES, tuple(map(_rate_row, study.rates))),
        Table("days", "Days", ("period", "operations", "mean", "median"), tuple(days)),
    ]


_SIDE = ("part", "whole", "rate", "low", "high")
_RATES = (
    "key",
    "title",
    *(f"{w}_{c}" for w in ("before", "after") for c in _SIDE),
    "difference",
    "difference_low",
    "difference_high",
    "fisher_p",
)


def _rate_row(rate: ProtectedRate) -> tuple[Any, ...]:
    cells: list[Any] = []
    for value in (rate.before, rate.after):
        share = value.share
        known = (
            (share.part / share.whole if share.whole else None, share.low, share.high)
            if share
            else (None,) * 3
        )
        cells += [str(value.part), str(value.whole), *known]
    compared = rate.compared
    tests = (*(compared.difference or (None,) * 3), compared.fisher) if compared else (None,) * 4
    return (rate.key, rate.title, *cells, *tests)


def _plain(item: Any) -> str:
    if isinstance(item, date):
        return item.isoformat()
    raise TypeError(type(item).__name__)
