"""A rulebook compared with its protocols one by one: `python -m benchmarks.rulebook`.

50 protocols of six requirements over 100,000 cases and 800,000 events. In one run and on the same
Parquet files: (a) the whole rulebook in one process, which reads the records once, and (b) some of
its protocols, each in its own process; 50 separate runs are estimated from these, by kind of
protocol (for all or for some operations, plain or not), and the output says so. Then loading and
checking the rulebook compared with only parsing the same YAML files. The numbers of the protocols
that run both ways must agree, or the comparison stops.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median

import yaml

from benchmarks.measure import BUILD, Run, mid, run
from benchmarks.rulebook_data import kind_of, write_records, write_rules
from qi_checker.protocol.lint import lint_rulebook
from qi_checker.protocol.load import load_rulebook

REQUIREMENTS = 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--protocols", type=int, default=50)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    folder = BUILD / f"rulebook-{arguments.protocols}-{arguments.cases}"
    write_rules(folder / "rules", arguments.protocols, REQUIREMENTS)
    if not (folder / "records" / "site.yaml").is_file():
        write_records(folder / "records", arguments.cases)
    print(
        f"{arguments.protocols} protocols x {REQUIREMENTS} requirements, {arguments.cases:,} cases, "
        f"{8 * arguments.cases:,} events, {arguments.runs} runs each"
    )
    evaluating(folder, arguments.protocols, arguments.runs)
    loading(folder / "rules", arguments.runs)


def evaluating(folder: Path, protocols: int, runs: int) -> None:
    """Measure the rulebook and a sample of its protocols, in turn."""
    kinds = Counter(kind_of(n) for n in range(protocols))
    sample: dict[str, int] = {}
    for n in range(protocols):
        sample.setdefault(kind_of(n), n)
    whole: list[Run] = []
    alone: dict[str, list[Run]] = {kind: [] for kind in sample}
    for counted in range(-1, runs):
        done = run(["-m", "benchmarks.rulebook_run", str(folder), "all"])
        ones = {
            k: run(["-m", "benchmarks.rulebook_run", str(folder), str(n)])
            for k, n in sample.items()
        }
        for one in ones.values():
            _agree(done, one)
        if counted >= 0:
            whole.append(done)
            for kind, one in ones.items():
                alone[kind].append(one)
    print(f"{'':44} {'seconds':>8} {'cpu s':>8} {'peak MB':>8}")
    _line("the rulebook, read once", whole)
    for phase in whole[0].said["phases"]:
        print(f"    {phase:40} {median(r.said['phases'][phase] for r in whole):8.2f}")
    for kind, measured in alone.items():
        _line(f"one protocol, {kind} ({kinds[kind]} such)", measured)
        print(f"    of which reading {median(r.said['phases']['read'] for r in measured):31.2f}")
    for what, words in (("seconds", "seconds"), ("cpu", "processor seconds")):
        ratios = [
            sum(getattr(alone[k][i], what) * kinds[k] for k in kinds) / getattr(whole[i], what)
            for i in range(runs)
        ]
        print(
            f"{protocols} separate runs (estimated from {len(sample)}) / rulebook, {words}: {median(ratios):.2f}"
        )


def _line(words: str, runs: list[Run]) -> None:
    print(f"{words:44} {mid(runs):8.2f} {mid(runs, 'cpu'):8.2f} {mid(runs, 'peak_mb'):8.0f}")


def _agree(whole: Run, one: Run) -> None:
    """Stop if the numbers differ: the speed of a wrong answer is worthless."""
    for name, met in one.said["met"].items():
        if whole.said["met"][name] != met:
            raise SystemExit(f"{name}: {met} alone, {whole.said['met'][name]} in the rulebook")


def loading(rules: Path, runs: int) -> None:
    """Measure loading and validating, and parsing the same files, equally often, in turn."""
    files = sorted(rules.glob("*/protocol.yaml"))

    def parse() -> None:
        for file in files:
            yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)

    ways: dict[str, Callable[[], object]] = {
        "parsing the YAML (CSafeLoader)": parse,
        "load_rulebook (checks everything)": lambda: load_rulebook(rules),
        "lint_rulebook (that, and warnings)": lambda: lint_rulebook(rules),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for counted in range(-1, max(runs, 5)):
        for name, way in ways.items():
            gc.collect()
            start = time.process_time()
            way()
            if counted >= 0:
                seconds[name].append(time.process_time() - start)
    parsing = seconds["parsing the YAML (CSafeLoader)"]
    for name, times in seconds.items():
        ratio = median(a / b for a, b in zip(times, parsing, strict=True))
        print(f"{name:44} {median(times):8.3f} cpu s, {ratio:.2f} x the parsing")


if __name__ == "__main__":
    main()
