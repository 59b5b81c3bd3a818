"""Checks of the mappings in `site.yaml`: tables, columns and words of the records contract."""

from __future__ import annotations

from typing import Any

from qi_checker.errors import did_you_mean
from qi_checker.protocol.checks.names import check_column
from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.plausible_settings import read_settings
from qi_checker.protocol.records import ALL_TABLES, CASES, EVENTS

_FREE = (CASES, EVENTS)  # tables in which a protocol may use a hospital's own columns


def check_site(data: dict[str, Any], complaints: Complaints) -> None:
    """Check the mappings: a misspelt table or column would map nothing, and nobody would notice."""
    for name, columns in _mapping(data.get("columns")).items():
        path = ("columns", name)
        if name not in ALL_TABLES:
            advice = did_you_mean(name, ALL_TABLES)
            complaints.add(path, f"there is no table `{name}`", advice=advice, key=True)
            continue
        for column in _mapping(columns):
            check_column(ALL_TABLES[name], column, (*path, column), complaints, free=_FREE)
    for name, words in _mapping(data.get("values")).items():
        _check_values(name, _mapping(words), complaints)
    if "plausibility" in data:
        for wrong in read_settings(data["plausibility"])[1]:
            below = ("plausibility", *wrong.path)
            complaints.add(below, wrong.what, advice=wrong.advice, key=wrong.key)


def _mapping(data: Any) -> dict[str, Any]:
    return data if isinstance(data, dict) else {}


def _check_values(name: str, words: dict[str, Any], complaints: Complaints) -> None:
    table, dot, column = name.partition(".")
    path = ("values", name)
    if not dot or table not in ALL_TABLES:
        advice = "Write table.column, such as events.modality. " + did_you_mean(table, ALL_TABLES)
        complaints.add(path, f"`{name}` is not a column of a table", advice=advice, key=True)
        return
    check_column(ALL_TABLES[table], column, path, complaints, free=_FREE)
    known = ALL_TABLES[table][column].words if column in ALL_TABLES[table].names else ()
    for local, word in words.items():
        if known and isinstance(word, str) and word and word not in known:
            what = f"`{word}` is not a word that {name} knows"
            complaints.add((*path, local), what, advice=did_you_mean(word, known))
