"""A server that goes away at any moment is reported as that, whichever question met it.

PostgreSQL is killed in `tests/integration/test_nightly_trouble.py` at a few moments of a night. Here
every question that a store answers, and every write, meets it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.db import OperationalError, connections

from qi_checker.store import Store
from qi_checker.store.exceptions import Exceptions, Person
from qi_checker.store.people.reads import ious_rows
from qi_checker.store.people.writes import People
from qi_checker.store.trail import Trail
from qi_checker.store.transaction import StoreRefused
from tests.helpers.store import AT, PROTOCOL, finding, night

ASH = Person("ash", "coordinator")
BY = {"by": ASH, "at": AT}
DAY = date(2026, 3, 20)

Ask = Callable[[Any], object]

STORE: dict[str, Ask] = {
    "migrate": lambda s: s.migrate(),
    "keep": lambda s: s.keep(night(finding())),
    "runs": lambda s: s.runs(),
    "latest": lambda s: s.latest(),
    "manifest": lambda s: s.manifest(1),
    "documents": lambda s: s.documents(1),
    "findings": lambda s: list(s.findings(1)),
    "cases": lambda s: list(s.cases(1)),
    "actions": lambda s: list(s.actions(1)),
    "findings_json": lambda s: list(s.findings_json(1)),
    "changes": lambda s: s.changes(1),
    "base": lambda s: s.base(1),
    "schedules": lambda s: s.schedules("C1"),
    "earlier_schedules": lambda s: s.earlier_schedules(PROTOCOL, "2026-03-02", ["C1"]),
    "planned": lambda s: s.planned(["C1"]),
    "known_cases": lambda s: s.known_cases([PROTOCOL]),
    "sign_off": lambda s: s.sign_off("C1", PROTOCOL, **BY),
    "sign_offs": lambda s: s.sign_offs(),
    "verify": lambda s: s.verify(),
    "purge": lambda s: s.purge(DAY, AT, "ash"),
    "old_runs": lambda s: s.old_runs(DAY),
    "forget": lambda s: s.forget(1, AT, "ash"),
    "export_case": lambda s: s.export_case("C1"),
    "pseudonymise": lambda s: s.pseudonymise("C1", b"k" * 32, AT, "ash"),
}
TRAIL: dict[str, Ask] = {
    "append": lambda t: t.append(AT, "ash", "night", {}),
    "end": lambda t: t.end(),
    "entries": lambda t: list(t.entries()),
    "verify": lambda t: t.verify(),
    "erase": lambda t: t.erase([1]),
    "erase_through": lambda t: t.erase_through(1),
    "last_before": lambda t: t.last_before(AT),
}
EXCEPTIONS: dict[str, Ask] = {
    "request": lambda e: e.request("C1", "mri", "other", valid_from=DAY, expires_on=DAY, **BY),
    "approve": lambda e: e.approve("X1", **BY),
    "refuse": lambda e: e.refuse("X1", why="too late", **BY),
    "reconfirm": lambda e: e.reconfirm("X1", **BY),
    "revoke": lambda e: e.revoke("X1", why="too late", **BY),
    "all": lambda e: e.all(),
    "table": lambda e: e.table(),
    "standing": lambda e: e.standing(),
    "case_ids": lambda e: e.case_ids(),
}
PEOPLE: dict[str, Ask] = {
    "once": lambda p: p.once("token", AT).__enter__(),
    "read_case": lambda p: p.read_case("C1", ASH, AT, "page"),
    "note": lambda p: p.note("C1", "", "Called.", **BY),
    "contact": lambda p: p.contact("C1", "tried", "ward", "", **BY),
    "look": lambda p: p.look("C1", PROTOCOL, "", **BY),
    "wait": lambda p: p.wait("C1", PROTOCOL, DAY, "", today=AT.date(), last=None, **BY),
    "undo": lambda p: p.undo("note", 1, **BY),
    "notes_read": lambda p: p.notes_read("ash", "C1", 1),
    "acknowledge": lambda p: p.acknowledge(PROTOCOL, 1, **BY),
    "save_view": lambda p: p.save_view("mine", "", "", **BY),
    "remove_view": lambda p: p.remove_view(1, **BY),
    "ious": lambda p: p.ious("C1", {}, None, **BY),
}
ROOMS: tuple[tuple[type[Any], dict[str, Ask]], ...] = (
    (Store, STORE),
    (Trail, TRAIL),
    (Exceptions, EXCEPTIONS),
    (People, PEOPLE),
)
# A backup copies the file of SQLite without a statement.
WITHOUT_A_QUESTION = {"alias", "site", "close", "trail", "exceptions", "people", "backup"}


@pytest.fixture
def gone(store: Store) -> Iterator[Store]:
    """A store of one night whose server goes away before the next statement."""
    store.keep(night(finding()))

    def refuse(*_: object) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    with connections[store.alias].execute_wrapper(refuse):
        yield store


def test_every_question_is_in_the_tables() -> None:
    for room, asked in ROOMS:
        public = {name for name in vars(room) if not name.startswith("_")}
        assert public - WITHOUT_A_QUESTION - set(vars(room).get("__annotations__", ())) == set(
            asked
        )


def test_every_question_says_that_the_server_is_gone(gone: Store) -> None:
    subjects = gone, gone.trail, gone.exceptions, gone.people
    met = {
        f"{room.__name__}.{name}": _met(ask, subject)
        for (room, asked), subject in zip(ROOMS, subjects, strict=True)
        for name, ask in asked.items()
    }
    met["ious_rows"] = _met(ious_rows, gone.alias)
    assert {name: kind for name, kind in met.items() if kind != "unreachable"} == {}


def _met(ask: Ask, subject: object) -> str:
    """Return the kind of refusal, or the name of what leaks out instead."""
    try:
        ask(subject)
    except StoreRefused as error:
        return error.kind
    except Exception as error:
        return type(error).__name__
    return "no statement"
