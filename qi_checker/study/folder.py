"""The folder of a study, replaced in one step: JSON and CSV, and a page, a PDF or a workbook."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from qi_checker.render import words
from qi_checker.render.atomic import replaced_folder
from qi_checker.render.charts import pictures
from qi_checker.render.html import CASES_SHOWN, environment
from qi_checker.render.paper import A4, on_paper
from qi_checker.render.pdf import pdf_of
from qi_checker.render.plot_files import write_plot_csv
from qi_checker.render.tables import plot_table
from qi_checker.render.xlsx import Properties, write_workbook
from qi_checker.study import benchmarks
from qi_checker.study import plots as study_plots
from qi_checker.study import words as study_words
from qi_checker.study.files import as_json, write_csv
from qi_checker.study.squire import squire
from qi_checker.study.tables import study_tables
from qi_checker.study.views import Study

# What a study writes, and may replace: docs/commands.md names every file.
FORMATS = {"html": "index.html", "pdf": "report.pdf", "xlsx": "study.xlsx"}
OURS = (
    *FORMATS.values(),
    "study.json",
    "rates.csv",
    "days.csv",
    "intervals.csv",
    "rejects.csv",
    "plan_change.csv",
    "benchmarks.csv",
    "published.csv",
    "chart_days.csv",
    "chart_rates.csv",
    "traits.csv",
    "manifest.json",
)


@dataclass(frozen=True)
class Written:
    """The result of writing a study, for the terminal."""

    finding: str
    main_file: str


def study_page(study: Study) -> str:
    """Render the study as an HTML page."""
    rates = study_plots.forest(study)
    return (
        environment()
        .get_template("study/study.html.j2")
        .render(
            study=study,
            sentences=study_words,
            chart=pictures(study_plots.intervals(study)),
            forest=pictures(rates) if rates else "",
            benchmarks=benchmarks,
            squire=squire(study),
            shown=CASES_SHOWN,
        )
    )


def write_study(study: Study, out: Path, format: str, paper: str = A4) -> Written:
    """Write a study into `out`: JSON and CSV, and html, pdf, xlsx or all, as in `format`."""
    with replaced_folder(out, OURS) as folder:
        write_csv(study, folder)
        _write_plots(study, folder)
        (folder / "study.json").write_text(as_json(study), encoding="utf-8")
        (folder / "manifest.json").write_text(_manifest(study), encoding="utf-8")
        written = _for_people(study, folder, format, paper)
    return Written(study_words.finding(study), written[0] if written else "study.json")


def _for_people(study: Study, folder: Path, format: str, paper: str) -> list[str]:
    """Write page, PDF and workbook as `format` requires; return their names."""
    formats = [name for name in FORMATS if format in (name, "all")]
    page = on_paper(study_page(study), paper) if set(formats) & {"html", "pdf"} else ""
    if "html" in formats:
        (folder / "index.html").write_text(page, encoding="utf-8")
    if "pdf" in formats:
        (folder / "report.pdf").write_bytes(pdf_of(page))
    if "xlsx" in formats:
        plots = [study_plots.intervals(study), study_plots.forest(study)]
        drawn = [plot_table(plot) for plot in plots if plot is not None]
        write_workbook(folder / "study.xlsx", [*study_tables(study), *drawn], _properties(study))
    return [FORMATS[name] for name in formats]


def _properties(study: Study) -> Properties:
    """Return the first sheet of the workbook."""
    spans = (
        f"Period {p.name}: {p.first} to {p.last}, {words.count(p.eligible, 'eligible case')}"
        for p in study.periods
    )
    notes = (*spans, *((study.published.note,) if study.published and study.published.note else ()))
    return Properties(study.title, study_words.finding(study), study.provenance, notes)


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
