"""Page, JSON and CSV of a study whose small numbers are withheld; and its sentences."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from qi_checker.audit.study_protected import ProtectedRate, ProtectedStudy, Side
from qi_checker.reporting import study_words
from qi_checker.reporting.atomic import replaced_folder
from qi_checker.reporting.html import environment
from qi_checker.reporting.study_folder import OURS, Written
from qi_checker.statistics.small_numbers import Profile


def side(value: Side) -> str:
    """`14/39 (36 %, 95 % CI 23-52)`, or the numbers that are printed and marks."""
    return study_words.share(value.share) if value.share else f"{value.part}/{value.whole}"


def difference(rate: ProtectedRate) -> str:
    return study_words.difference(rate.compared) if rate.compared else "withheld"


def fisher(rate: ProtectedRate) -> str:
    return study_words.p_value(rate.compared.fisher) if rate.compared else "withheld"


def finding(study: ProtectedStudy) -> str:
    """The whole study in one sentence, from what is printed."""
    rate = study.rates[0]
    said = (
        f"Before, {side(rate.before)} of the operations complied with the whole protocol; after, "
    )
    if rate.compared is None:
        return (
            f"{said}{side(rate.after)}. Small numbers are withheld, so the rates are not compared."
        )
    return f"{said}{side(rate.after)}: {difference(rate)}, Fisher's exact p {fisher(rate)}."


def rule(profile: Profile) -> str:
    """What the profile does, in a sentence."""
    said = f"Counts of 1 to {profile.largest} are withheld ({profile.mark})"
    if profile.rounded_to:
        return f"{said}; all others are rounded to the nearest {profile.rounded_to}, and everything is computed from the rounded numbers."  # noqa: E501
    return f"{said}, and others ({profile.other}) from which they could be worked out."


def protected_page(study: ProtectedStudy) -> str:
    """The study for a person."""
    import qi_checker.reporting.study_protected as said

    template = environment().get_template("study_protected.html.j2")
    return template.render(study=study, said=said, days_of=study_words.number)


def write_protected(study: ProtectedStudy, out: Path, format: str) -> Written:
    """Write everything into `out`; `format` json leaves the page out."""
    with replaced_folder(out, OURS) as folder:
        _csv(folder / "rates.csv", _RATES, map(_rate_row, study.rates))
        _csv(folder / "days.csv", ("period", "operations", "mean", "median"), (
            (p[0], str(d.n), d.mean, d.median) for p, d in zip(study.periods, study.days)  # noqa: B905
        ))  # fmt: skip
        document = json.dumps(asdict(study), default=_plain, ensure_ascii=False, indent=2) + "\n"
        (folder / "study.json").write_text(document, encoding="utf-8")
        manifest = {"report": "study", "small_numbers": study.profile.name} | asdict(
            study.provenance
        )
        text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
        (folder / "manifest.json").write_text(text, encoding="utf-8")
        if format == "html":
            (folder / "index.html").write_text(protected_page(study), encoding="utf-8")
    return Written(finding(study), "index.html" if format == "html" else "study.json")


_SIDE = ("part", "whole", "rate", "low", "high")
_RATES = ("key", "title", *(f"{w}_{c}" for w in ("before", "after") for c in _SIDE),
          "difference", "difference_low", "difference_high", "fisher_p")  # fmt: skip


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


def _csv(path: Path, columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _plain(item: Any) -> str:
    if isinstance(item, date):
        return item.isoformat()
    raise TypeError(type(item).__name__)
