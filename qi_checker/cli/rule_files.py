"""Loading the protocols and examples of a rule author's command."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.examples import Example, load_examples
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.site import Site


@dataclass(frozen=True)
class Loaded:
    """A protocol with its examples; `file` is where they are, or would be."""

    bundle: Bundle
    file: Path
    examples: tuple[Example, ...]


def protocol_files(paths: list[Path]) -> list[Path]:
    """Find the protocol files under the given paths; without a path, the shipped rules."""
    files: list[Path] = []
    problems: list[Problem] = []
    for path in paths or [rules_dir()]:
        if path.is_file() or (path / "protocol.yaml").is_file():
            inner = [path]
        else:
            inner = sorted(p.parent for p in path.glob("*/protocol.yaml"))
        if not inner:
            what = "there is no protocol" if path.exists() else "there is no such file or folder"
            advice = "Give a folder with protocol.yaml, or a folder of such folders"
            problems.append(Problem(str(path), what, "", advice))
        files += inner
    if problems:
        raise UserError(problems)
    return list(dict.fromkeys(files))


def load_all(paths: list[Path]) -> tuple[list[Loaded], list[Problem]]:
    """Load every protocol that is valid, and return the problems of the others."""
    loaded: list[Loaded] = []
    problems: list[Problem] = []
    for path in protocol_files(paths):
        try:
            bundle = load_protocol(path)
            file = bundle.path.with_name("examples.yaml")
            examples = load_examples(file, bundle) if file.is_file() else []
        except UserError as error:
            problems += error.problems
            continue
        loaded.append(Loaded(bundle, file, tuple(examples)))
    return loaded, problems


def on_duckdb(bundle: Bundle, tables: dict[str, Any], as_of: AsOf, site: Site) -> Any:
    """Return the findings and cases of a few rows, by the compiled query."""
    from qi_checker.engines.duckdb import evaluate
    from qi_checker.sources.memory import from_rows

    evaluation = evaluate(bundle, from_rows(tables), as_of, site)
    return evaluation.findings(), evaluation.cases()


def on_judging(bundle: Bundle, tables: dict[str, Any], as_of: AsOf, site: Site) -> Any:
    """Return the findings and cases of a few rows, judged case by case."""
    from qi_checker.judging import evaluate

    result = evaluate(bundle, tables, as_of, site)
    return result.findings, result.cases


ENGINES = {"duckdb": on_duckdb, "judging": on_judging}


def as_json(value: Any) -> str:
    """Format a view as JSON, with dates as ISO text."""
    return json.dumps(asdict(value), default=str, ensure_ascii=False, indent=2) + "\n"


def write_or_print(text: str, out: Path | None) -> None:
    """Write text to a file and print its name, or print the text."""
    if out is None:
        print(text, end="" if text.endswith("\n") else "\n")
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise UserError(Problem(str(out), f"cannot be written: {why}")) from None
    print(out)
