"""The folder of a study, replaced in one step: page, JSON and CSV."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from qi_checker.audit.study_views import Study
from qi_checker.reporting import benchmarks, study_plots, study_words
from qi_checker.reporting.atomic import replaced_folder
from qi_checker.reporting.charts import draw
from qi_checker.reporting.html import CASES_SHOWN, environment
from qi_checker.reporting.plot_files import write_plot_csv
from qi_checker.reporting.squire import squire
from qi_checker.reporting.study_files import as_json, write_csv

# What a study writes, and may replace: docs/commands.md names every file.
OURS = (
    "index.html", "study.json", "rates.csv", "days.csv", "intervals.csv", "rejects.csv",
    "plan_change.csv", "benchmarks.csv", "published.csv", "chart_days.csv",
    "chart_rates.csv", "traits.csv", "manifest.json",
)  # fmt: skip


@dataclass(frozen=True)
class Written:
    """What to tell on the terminal."""

    finding: str
    main_file: str


def study_page(study: Study) -> str:
    """The study for a person."""
    rates = study_plots.forest(study)
    return environment().get_template("study.html.j2").render(
        study=study,
        said=study_words,
        chart=Markup(draw(study_plots.intervals(study))),
        forest=Markup(draw(rates) if rates else ""),
        benchmarks=benchmarks,
        squire=squire(study),
        shown=CASES_SHOWN,
    )  # fmt: skip


def write_study(study: Study, out: Path, format: str) -> Written:
    """Write everything of a study into `out`; `format` json leaves the page out."""
    with replaced_folder(out, OURS) as folder:
        write_csv(study, folder)
        _write_plots(study, folder)
        (folder / "study.json").write_text(as_json(study), encoding="utf-8")
        (folder / "manifest.json").write_text(_manifest(study), encoding="utf-8")
        if format == "html":
            (folder / "index.html").write_text(study_page(study), encoding="utf-8")
    main = "index.html" if format == "html" else "study.json"
    return Written(study_words.finding(study), main)


def _write_plots(study: Study, folder: Path) -> None:
    rates = study_plots.forest(study)
    write_plot_csv(study_plots.intervals(study), folder)
    if rates is not None:
        write_plot_csv(rates, folder)


def _manifest(study: Study) -> str:
    p = study.provenance
    described = {
        "program": {"name": "qi-checker", "version": p.program_version},
        "report": "study",
        "protocol": {
            "id": p.protocol_id,
            "version": p.protocol_version,
            "sha256": p.protocol_sha256,
        },
        "as_of": p.as_of,
        "timezone": p.timezone,
        "periods": {s.name: [str(s.first), str(s.last)] for s in study.periods},
        "files": [
            {"file": file, "sha256": sha256, "read": read, "used": used, "rejected": rejected}
            for file, sha256, read, used, rejected in study.files
        ],
        "published_sha256": study.published.sha256 if study.published else None,
    }
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"
