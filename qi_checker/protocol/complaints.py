"""All problems of one file, collected with their places, so that they are reported together."""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, Tag
from pydantic.fields import FieldInfo

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.yaml_nodes import Document, Steps
from qi_checker.protocol.yaml_read import one_line

MOST = 100  # a file of another kind can have thousands; nobody reads them


@dataclass
class Complaints:
    """Problems of a document. A place is reported once only."""

    document: Document
    collected: dict[Steps, Problem] = field(default_factory=dict)
    _refused: set[Steps] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._refused = set(self.document.broken())

    def add(
        self, path: Steps, what: str, why: str = "", advice: str = "", *, key: bool = False
    ) -> None:
        """Complain about the value at a path, or about its key, unless it was reported before."""
        if not self.spoilt(path):
            where = self.document.where(path, key=key)
            self.collected[path] = Problem(where, one_line(what), why, one_line(advice))

    def spoilt(self, path: Steps) -> bool:
        """Whether the place, or one that holds it, has a problem already."""
        above = [path[:i] for i in range(1, len(path) + 1)]
        return path in self.collected or any(
            p in self._refused or p in self.collected for p in above
        )

    def spoilt_inside(self, path: Steps) -> bool:
        """Whether a part of the place was refused, so that the whole cannot be checked."""
        return any(p[: len(path)] == path for p in self._refused)

    def mapping(self) -> dict[str, Any]:
        """Return the document as a mapping; UserError if it is something else."""
        data = self.document.data
        if not isinstance(data, dict):
            if not self.document.problems:
                self.add((), "the file does not start with a key", advice="Write keys: id: ...")
            raise UserError(self.problems())
        return data

    def problems(self) -> list[Problem]:
        """Return all problems in file order."""
        found = sorted([*self.document.problems, *self.collected.values()], key=_order)
        if len(found) > MOST:
            rest = f"and {len(found) - MOST} more problems"
            return [*found[:MOST], Problem(self.document.name, rest)]
        return found

    def raise_if_any(self) -> None:
        """Raise UserError with every problem if there are any."""
        found = self.problems()
        if found:
            raise UserError(found)


def _order(problem: Problem) -> tuple[int, ...]:
    numbers = problem.where.split(":")[-2:]
    return tuple(int(n) for n in numbers if n.isdigit())


# ---- from pydantic's location of an error to the place in the file -------------------------------


_UNIONS = (typing.Union, types.UnionType)


@dataclass(frozen=True)
class Spot:
    """A place in the data: its path, the model it is a key of, and the expected type."""

    path: Steps
    owner: type[BaseModel] | None
    wanted: Any  # a type, without `Annotated` and `| None`
    pattern: str = ""  # that its text must match
    above: tuple[type[BaseModel], ...] = ()  # the models that hold the owner, outermost first

    @property
    def words(self) -> tuple[str, ...]:
        """Return the accepted words, if only some are accepted."""
        if typing.get_origin(self.wanted) is typing.Literal:
            return typing.get_args(self.wanted)
        if isinstance(self.wanted, enum.EnumType):
            members: dict[str, Any] = dict(self.wanted.__members__)
            return tuple(str(word) for word in members.values())
        return ()


def fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the keys of a model as written in the file, `in` and `from` included."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def is_model(wanted: Any) -> bool:
    return isinstance(wanted, type) and issubclass(wanted, BaseModel)


def plain(annotation: Any) -> Any:
    """Return the type without `Annotated` and `| None`."""
    while True:
        origin = typing.get_origin(annotation)
        if origin is typing.Annotated and not _tags(annotation):
            annotation = typing.get_args(annotation)[0]
        elif origin in _UNIONS and type(None) in typing.get_args(annotation):
            rest = [a for a in typing.get_args(annotation) if a is not type(None)]
            annotation = rest[0]
        else:
            return annotation


def spot(model: type[BaseModel], location: tuple[str | int, ...]) -> Spot:
    """Follow a pydantic location, which names the member of a union, through the models."""
    path: Steps = ()
    owner: type[BaseModel] | None = None
    wanted: Any = model
    pattern = ""
    held: tuple[type[BaseModel], ...] = ()
    for step in location:
        options = _members(wanted)
        if options:
            wanted = options.get(step)
            continue
        path = (*path, step)
        if is_model(wanted):
            owner = wanted
            held = (*held, wanted)
            info = fields(wanted).get(str(step))
            pattern = _pattern(info.annotation, info.metadata) if info else ""
            wanted = plain(info.annotation) if info else None
        else:
            owner = None
            parts = typing.get_args(wanted)
            pattern = _pattern(parts[-1]) if parts else ""
            wanted = plain(parts[-1]) if parts else None
    return Spot(path, owner, wanted, pattern, held[:-1])


def _pattern(annotation: Any, metadata: Sequence[Any] = ()) -> str:
    """Return the pattern constraint of an annotation such as `Annotated[str, ...] | None`."""
    inner = [annotation, *typing.get_args(annotation)]
    constraints = [*metadata, *(m for a in inner for m in getattr(a, "__metadata__", ()))]
    return next((str(c.pattern) for c in constraints if getattr(c, "pattern", None)), "")


def _tags(annotation: Any) -> list[str]:
    return [m.tag for m in getattr(annotation, "__metadata__", ()) if isinstance(m, Tag)]


def _members(wanted: Any) -> dict[str | int, Any]:
    """Return tag -> model of a union whose members are distinguished by a tag."""
    if typing.get_origin(wanted) not in _UNIONS:
        return {}
    return {tag: typing.get_args(a)[0] for a in typing.get_args(wanted) for tag in _tags(a)}


def models_in(wanted: Any, seen: set[type[BaseModel]] | None = None) -> Iterator[type[BaseModel]]:
    """Yield every model that is reachable from a type, once."""
    seen = set() if seen is None else seen
    if is_model(wanted):
        if wanted not in seen:
            seen.add(wanted)
            yield wanted
            for info in wanted.model_fields.values():
                yield from models_in(info.annotation, seen)
        return
    for part in typing.get_args(wanted):
        yield from models_in(part, seen)
