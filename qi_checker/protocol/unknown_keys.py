"""Keys that do not belong where they stand: misspelt, or misplaced."""

from __future__ import annotations

from pydantic import BaseModel

from qi_checker.errors import did_you_mean
from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.field_path import Spot, fields, models_in
from qi_checker.protocol.yaml_nodes import Mapping, Sequence, Steps

_CALLED = {
    "Protocol": "the protocol",
    "CodesIn": "a reference to a code list",
    "ColumnIn": "`column`",
    "Window": "a window",
    "Span": "a span of `and`",
    "AnchorRef": "an anchor",
    "Reach": "`or_after`",
    "EventSelector": "`event`",
    "EventWithin": "`event` of `applies_if`",
    "ChosenWithin": "`chosen`",
    "RequirementCondition": "`applies_if`",
    "Apart": "`apart`",
    "NoneBetween": "`none_between`",
    "WarningWhen": "`when`",
    "Period": "`in_force`",
    "ExceptionPolicy": "`exceptions`",
    "Site": "the site's settings",
    "Nightly": "the nightly job's settings",
    "Digest": "`digest`",
    "Smtp": "`smtp`",
    "Store": "`store`",
    "WrittenExample": "an example",
    "ExampleFile": "the examples",
    "Expect": "`expect`",
    "Given": "`given`",
    "Defaults": "`defaults`",
    "Expected": "what is expected of a requirement",
    "Mapping": "the mapping",
    "TableMapping": "a table of the mapping",
    "Source": "the source of a column",
    "Join": "`join`",
    "RowsThat": "`where`",
    "Database": "`database`",
    "SiteExamNames": "`exam_names`",
    "ExamNames": "the list of exam names",
    "ExamName": "an entry of the exam names",
}


def article(model: type[BaseModel]) -> str:
    """What a person calls the part of the file that a model stands for: `a requirement`."""
    name = model.__name__
    word = name.lower()
    return _CALLED.get(name, f"an {word}" if word[0] in "aeiou" else f"a {word}")


def _homes(root: type[BaseModel], place: Spot, key: str) -> list[type[BaseModel]]:
    """Models that have the key: the one it stands in too deep, else all of them."""
    above = [model for model in place.above if key in fields(model)]
    return above[-1:] or [model for model in models_in(root) if key in fields(model)]


def _indentation(place: Spot, key: str, complaints: Complaints) -> str:
    """Where a key that stands too deep would begin; empty where that cannot be told.

    In braces nothing is indented, and a key of a list's item may belong to any of the items.
    """
    document, path = complaints.document, place.path[:-1]
    here = document.node(path)
    for model in reversed(place.above):
        path = path[:-1]
        while isinstance(document.node(path), Sequence):
            path = path[:-1]
        home = document.node(path)
        if not isinstance(home, Mapping) or not isinstance(here, Mapping):
            return ""
        if key in fields(model):
            columns = {column for _, column in home.keys.values()}
            lines = {line for line, _ in home.keys.values()}
            own = {line for line, _ in here.keys.values()}
            block = len(columns) == 1 and len(lines) == len(home.keys) and len(own) > 1
            return f"begin it in column {columns.pop()}, like the others" if block else ""
    return ""


def explain_unknown_key(root: type[BaseModel], place: Spot, complaints: Complaints) -> Steps | None:
    """Complain about a key; the path at which it was meant to stand, where that can be told."""
    key, owner, above = str(place.path[-1]), place.owner, place.path[:-1]
    if owner is None:
        return None
    known = fields(owner)
    free = [k for k in known if complaints.document.node((*above, k)) is None]
    hint = did_you_mean(key, free)
    homes = list(dict.fromkeys(article(m) for m in _homes(root, place, key)))
    what = f"`{key}` is not a key of {article(owner)}"
    if hint.startswith("Did you mean"):
        complaints.add(place.path, what, mend=hint, key=True)
        return (*above, hint.removeprefix("Did you mean ").rstrip("?"))
    if homes:
        where = (
            _indentation(place, key, complaints) or "check where it stands and how it is indented"
        )
        mend = f"It is a key of {' or '.join(homes)}; {where}"
        complaints.add(place.path, what, mend=mend, key=True)
        return place.path
    complaints.add(place.path, what, mend=f"Keys it knows: {', '.join(known)}", key=True)
    return None
