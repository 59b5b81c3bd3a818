"""Checks that involve more than one key of `mapping.yaml`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from qi_checker.errors import did_you_mean
from qi_checker.protocol.checks.names import check_column
from qi_checker.protocol.code_shapes import IN_TEXT
from qi_checker.protocol.codes import SYSTEM_ALIASES, Catalogue, canonical_system
from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.date_format import DateFormat
from qi_checker.protocol.exam_names import check_exam_names
from qi_checker.protocol.records import ALL_TABLES, CASES, EVENTS, Table
from qi_checker.protocol.yaml_nodes import Steps

Data = dict[str, Any]
OPEN = "?"  # where `inspect` left a question for a person
_FREE = (CASES, EVENTS)  # tables in which a protocol may use a hospital's own columns
_WHERE = ("file", "table", "query")
_TEXT_OF_FILES = ("sheet", "encoding", "separator", "footer", "widths")
_VALUE = ("column", "columns", "first_of", "constant")
_TESTS = ("is", "is_not", "begins_with", "empty")
# Which keys of a column make sense for which kinds of columns.
_ONLY_FOR = {
    "date": ("when", "when-or-part"),
    "pad": ("id", "codes"),
    "strip": ("id", "codes"),
    "prefix": ("id",),
    "list": ("codes", "words"),
    "system": ("codes",),
    "system_column": ("codes",),
    "in_text": ("codes",),
}


def check_mapping(data: Data, catalogue: Catalogue, complaints: Complaints) -> None:
    """Complain about every error that involves several parts of a mapping."""
    for name in ALL_TABLES:
        for path, block in _blocks(data, name):
            _Block(ALL_TABLES[name], path, block, data, catalogue, complaints).check()
    _check_database(data.get("database"), complaints)
    names = data.get("exam_names")
    if isinstance(names, dict):
        check_words_of(names.get("names"), ("exam_names", "names"), catalogue, complaints)


def _check_database(database: Any, complaints: Complaints) -> None:
    url = database.get("url") if isinstance(database, dict) else None
    if not isinstance(url, str):
        return
    path = ("database", "url")
    scheme, colon, rest = url.partition("://")
    if not colon or not scheme:
        advice = "Write it like postgresql://reader@host/name, or sqlite:///file.db"
        complaints.add(path, "this is not the address of a database", advice=advice)
    elif ":" in rest.rpartition("@")[0]:
        why = "Everybody who can read the file would see it"
        advice = "Remove it, and use password_env or password_file"
        complaints.add(path, "the address of the database holds a password", why, advice)


def check_names(data: Data, groups: Iterable[str], complaints: Complaints) -> None:
    """Complain about the mapping's own patterns; `groups` are the groups of every list."""
    names = data.get("exam_names")
    if isinstance(names, dict):
        own = names.get("words")
        known = {group: ["any"] for group in (*groups, *(own if isinstance(own, dict) else ()))}
        check_exam_names(names.get("names"), known, complaints, ("exam_names", "names"))


def check_words_of(entries: Any, path: Steps, catalogue: Catalogue, complaints: Complaints) -> None:
    """Complain about unknown modalities and regions of examinations."""
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        for key, known in (("modality", catalogue.modalities), ("region", catalogue.regions)):
            words = entry.get(key) if isinstance(entry, dict) else None
            for at, word in enumerate(words if isinstance(words, list) else ()):
                if isinstance(word, str) and word not in known:
                    what = f"`{word}` is not a {key}"
                    advice = did_you_mean(word, known)
                    complaints.add((*path, number, key, at), what, advice=advice)


def _blocks(data: Data, name: str) -> Iterator[tuple[Steps, Data]]:
    found = data.get(name)
    if isinstance(found, dict):
        yield (name,), found
    for number, block in enumerate(found if isinstance(found, list) else ()):
        if isinstance(block, dict):
            yield (name, number), block


class _Block:
    """The checks of one part of a table."""

    def __init__(
        self,
        table: Table,
        path: Steps,
        block: Data,
        whole: Data,
        catalogue: Catalogue,
        complaints: Complaints,
    ) -> None:
        self.table, self.path, self.block, self.whole = table, path, block, whole
        self.catalogue, self.complaints = catalogue, complaints

    def add(self, steps: Iterable[str | int], what: str, why: str = "", advice: str = "") -> None:
        self.complaints.add((*self.path, *steps), what, why, advice, key=True)

    def check(self) -> None:
        self._place((), self.block)
        for number, join in _dicts(self.block.get("join")):
            self._place(("join", number), join)
            self._conditions(("join", number, "where"), join.get("where"))
        self._conditions(("where",), self.block.get("where"))
        columns = self.block.get("columns")
        if isinstance(columns, dict):
            self._needed(columns)
            for name, source in columns.items():
                self._column(name, source)
        if self.table is not EVENTS and "exam_name" in self.block:
            self.add(
                ("exam_name",), "only events have names of examinations", advice="Leave it out"
            )

    def _place(self, at: Steps, place: Data) -> None:
        given = [key for key in _WHERE if key in place]
        if len(given) != 1:
            what = f"{' and '.join(given)} are used together" if given else "no file is named"
            advice = "Keep one" if given else "Add file, such as file: or_cases_*.csv"
            self.add((*at, given[-1] if given else "file"), what, advice=advice)
        from_database = [key for key in given if key != "file"]
        if from_database and "database" not in self.whole:
            advice = "Add database: {url: ...} at the top of the file"
            self.add((*at, from_database[0]), "no database is named", advice=advice)
        if "file" not in place and given:
            for key in _TEXT_OF_FILES:
                if key in place:
                    self.add((*at, key), f"`{key}` is for files", advice="Leave it out")
        if "widths" in place and place.get("header_rows", 0) != 0:
            advice = "Remove header_rows; if the file has a header, write skip: 1"
            self.add((*at, "header_rows"), "a file of fixed width has no header", advice=advice)

    def _conditions(self, at: Steps, conditions: Any) -> None:
        for number, condition in _dicts(conditions):
            given = [key for key in _TESTS if key in condition]
            if len(given) != 1:
                what = f"exactly one of {', '.join(_TESTS)} is required beside column"
                self.complaints.add((*self.path, *at, number), what)

    def _needed(self, columns: Data) -> None:
        for name in self.table.needed:
            by_name = name == "kind" and self.table is EVENTS and "exam_name" in self.block
            if name not in columns and not by_name:
                self.add(
                    ("columns", name),
                    f"the required column {name} of {self.table.name} is not mapped",
                    advice=f"Add {name}: and the name of the column in your export",
                )

    def _column(self, name: str, source: Any) -> None:
        path = (*self.path, "columns", name)
        check_column(self.table, name, path, self.complaints, free=_FREE)
        kind = self.table[name].kind if name in self.table.names else "text"
        if source == OPEN or (isinstance(source, dict) and OPEN in source.values()):
            self._open(name, source)
        if not isinstance(source, dict):
            return
        given = [key for key in _VALUE if key in source]
        if len(given) != 1:
            detail = "none is written" if not given else f"{' and '.join(given)} are used together"
            what = f"exactly one of {', '.join(_VALUE)} is required; {detail}"
            self.complaints.add(path, what)
        for key, kinds in _ONLY_FOR.items():
            if key in source and kind not in kinds and name in self.table.names:
                what = f"`{key}` does not apply to the column {name}"
                self.add(("columns", name, key), what, advice="Leave it out")
        if "join_with" in source and kind in ("codes", "words"):
            why = "The codes of several columns always make one list"
            self.add(
                ("columns", name, "join_with"),
                f"`join_with` does not apply to the column {name}",
                why,
                "Leave it out",
            )
        if "pick" in source and "group_by" not in self.block:
            advice = "Add group_by, or leave pick out"
            self.add(("columns", name, "pick"), "`pick` is for rows of a group", advice=advice)
        if "system" in source and "system_column" in source:
            self.add(
                ("columns", name, "system_column"), "`system` is also given", advice="Keep one"
            )
        self._dates(name, source.get("date"))
        if source.get("in_text") is True:
            self._in_text(name, source)
        self._system(name, source.get("system"))
        self._words(name, kind, source.get("words"))

    def _open(self, name: str, source: Any) -> None:
        advice = "Replace `?` by the name of a column of your export"
        if isinstance(source, dict) and "constant" in source:
            words = self.table[name].words if name in self.table.names else ()
            listed = f": {', '.join(words)}" if words else ""
            advice = f"Replace `?` by the word that is right for every row{listed}"
        self.add(("columns", name), f"the question about {name} is still open", advice=advice)

    def _dates(self, name: str, given: Any) -> None:
        orders: dict[str, str] = {}
        for text in given if isinstance(given, list) else ():
            try:
                found = DateFormat.parse(str(text))
            except ValueError:
                continue
            if {found.order, *orders} >= {"DMY", "MDY"}:
                what = f"{text} and {next(iter(orders.values()))} read 03/04/2026 in two ways"
                self.add(("columns", name, "date"), what, advice="Keep one of them")
            orders[found.order] = text

    def _system(self, name: str, system: Any) -> None:
        if isinstance(system, str) and system.strip().lower() not in SYSTEM_ALIASES:
            hint = did_you_mean(system.strip().lower(), SYSTEM_ALIASES)
            if hint.startswith("Did you mean"):
                what = f"`{system}` is not a code system that a code list uses"
                meant = SYSTEM_ALIASES[hint.removeprefix("Did you mean ").rstrip("?")]
                self.add(("columns", name, "system"), what, advice=f"Did you mean {meant}?")

    def _in_text(self, name: str, source: Data) -> None:
        """Check that codes in text are read only for systems whose codes have a known shape."""
        system = source.get("system")
        path = ("columns", name, "in_text")
        if "list" in source:
            self.add(
                path, "`list` has no effect where codes are taken from text", advice="Keep one"
            )
        if not isinstance(system, str) or canonical_system(system) not in IN_TEXT:
            advice = f"Add system, one of {', '.join(IN_TEXT)}"
            self.add(path, "no code system is given for the codes in the text", advice=advice)

    def _words(self, name: str, kind: str, words: Any) -> None:
        known: tuple[str, ...] = ()
        if name in self.table.names:
            known = self.table[name].words
        if self.table is EVENTS and name in ("modality", "region"):
            vocabulary = self.catalogue
            known = vocabulary.modalities if name == "modality" else vocabulary.regions
        seen: dict[str, str] = {}
        for local, word in words.items() if isinstance(words, dict) else ():
            path = (*self.path, "columns", name, "words", local)
            if local.strip().lower() in seen:
                what = f"`{local}` is listed twice"
                self.complaints.add(path, what, "Upper and lower case are the same here", key=True)
            seen[local.strip().lower()] = local
            if not isinstance(word, str) or not word or not known:
                continue
            for item in word.split(";") if kind == "words" else [word]:
                if item.strip() == OPEN:
                    what = f"the question about `{local}` is still open"
                    advice = f"Replace `?` by one of {', '.join(known)}"
                    self.complaints.add(path, what, advice=advice)
                elif item.strip() not in known:
                    what = f"`{item.strip()}` is not a word that {self.table.name}.{name} knows"
                    self.complaints.add(path, what, advice=did_you_mean(item.strip(), known))


def _dicts(items: Any) -> Iterator[tuple[int, Data]]:
    for number, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            yield number, item
