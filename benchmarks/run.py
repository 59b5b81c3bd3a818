"""Every measurement, one after the other: `python -m benchmarks.run` (many minutes).

`python -m benchmarks.run rulebook --runs 1` runs one of them, with its options.
"""

from __future__ import annotations

import sys

from benchmarks import (
    cql,
    mapping,
    monthly,
    night,
    one_case,
    pages,
    plausibility,
    postgres,
    rulebook,
    scale,
    sheets,
    spark,
    store,
    web_load,
)

WHAT = {
    "scale": ("An audit compared with hand-written SQL, Polars and pandas", scale.main),
    "one-case": ("One case: judged, moved, checked, and case pages", one_case.main),
    "sheets": ("5,000 case sheets in one command", sheets.main),
    "pages": ("Bytes and seconds of each kind of page", pages.main),
    "monthly": ("A monthly report in one cold process", monthly.main),
    "rulebook": ("A rulebook compared with its protocols one by one", rulebook.main),
    "cql": ("Comparison with independent CQL engines", cql.main),
    "night": ("A night compared with the bare evaluation", night.main),
    "mapping": ("A full mapping compared with reading without one", mapping.main),
    "plausibility": ("The cost of the plausibility checks in an audit", plausibility.main),
    "postgres": ("PostgreSQL compared with hand-written SQL there", postgres.main),
    "spark": ("Spark with one and two workers compared with DuckDB", spark.main),
    "store": ("A night with the store, unchanged nights, a long trail", store.main),
    "web": ("The web application with 10,000 open cases beside an empty view", web_load.main),
}


def main() -> None:
    """Run the named measurement, else all; options without a name are for the audit's."""
    name, options = (sys.argv[1:2] or [""])[0], sys.argv[1:]
    chosen = [name] if name in WHAT else list(WHAT)
    if name in WHAT:
        options = options[1:]
    for number, one in enumerate(chosen):
        title, measure = WHAT[one]
        sys.argv[1:] = options if number == 0 else []
        print(f"# {title}", flush=True)
        measure()


if __name__ == "__main__":
    main()
