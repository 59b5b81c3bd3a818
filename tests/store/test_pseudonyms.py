"""An id of a case may look like any word of JSON: only its own fields are replaced."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from qi_checker.store import Store
from qi_checker.store.desk.models import CaseFile, Known
from qi_checker.store.exceptions import Person
from qi_checker.store.naming import change_renamed, problem_renamed
from qi_checker.store.people.models import SavedView, Sent
from tests.helpers.store import AT, PROTOCOL, action, finding, hours, night

ASH, OAK = Person("ash", "coordinator"), Person("oak", "approver")
KEY = b"k" * 32
# Every kind of token of a manifest, a finding and a sentence; and what a pattern would read as one.
IDS = (
    *("20", "0", "1", "30", "-1", "null", "true", "mri", "met", "due", "case_id", "sha256"),
    *("2026-03-20", "C1", "more", "20, 21", '"', "\\", "{", "ä.*", "a b", "%", "_", "UTC"),
)
# What a pattern of SQL or of JSON may mean something else by: the others are tried on one database.
ON_BOTH = ("20", "mri", "C1", '"', "\\", "ä.*", "%", "_")
TRIED = [
    *(("sqlite", case_id) for case_id in IDS),
    *(
        pytest.param("postgresql", i, marks=() if i in ON_BOTH else pytest.mark.thorough)
        for i in IDS
    ),
]
OTHER = "C-0042"


def tell_everything(store: Store, case_id: str) -> None:
    """Nights, decisions and notes about a case, and about another one beside it."""
    for day in ("01", "02"):
        status = "due" if day == "01" else "missing"
        rows = (
            finding(case_id, status=status, event_id=f"E-{case_id}", sentence="20 days, not 30."),
            finding(OTHER, status=status, sentence=f"1 of 20: {case_id} mri null."),
        )
        todo = [action(case_id, event_id=f"E-{case_id}"), action(OTHER, text=f"{case_id} is 20")]
        store.keep(night(*rows, as_of=f"2026-03-{day}", data=day, actions=todo))
    for one in (case_id, OTHER):
        days: Any = {"valid_from": date(2026, 1, 1), "expires_on": date(2027, 1, 1)}
        store.exceptions.request(one, "mri", "other", **days, by=ASH, at=hours(1))
        store.sign_off(one, PROTOCOL, by=OAK, at=hours(2))
        store.people.note(one, "", "a note", by=ASH, at=hours(3))


def everything(store: Store) -> dict[str, Any]:
    shown = {r.run_id: b"".join(store.findings_json(r.run_id)).decode() for r in store.runs()}
    return {
        "runs": {number: json.loads(text) for number, text in shown.items()},
        "documents": {number: store.documents(number) for number in shown},
        "changes": {
            number: [(c.case_id, c.requirement, c.words) for c in store.changes(number)]
            for number in shown
        },
        "other": store.export_case(OTHER),
    }


def replaced(found: Any, old: str, new: str) -> Any:
    """The same with the id replaced in its own fields; problems and words by what we mean by them."""
    text = json.dumps(found, sort_keys=True)
    renamed = json.loads(text, object_hook=lambda row: _row(row, old, new))
    for changes in renamed["changes"].values():
        for change in changes:
            if change[0] == old:
                change[0], change[2] = new, new + change[2][len(old) :]
    return renamed


def _row(row: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    if row.get("case_id") == old:
        row = row | {"case_id": new}
        if row.get("event_id"):
            row["event_id"] = "hidden"
    if "problems" in row:
        head = "Still scheduled after the date of surgery: "
        row = row | {
            "problems": [f"{head}{new}." if p == f"{head}{old}." else p for p in row["problems"]]
        }
    return row


def without_hashes(found: Any) -> Any:
    """The parts that may differ: pseudonyms of events, and the trail, whose payloads are erased."""
    text = json.dumps(found, sort_keys=True)
    found = json.loads(text, object_hook=_plain)
    found["other"].pop("trail")
    for shown in found["runs"].values():  # by id, and that is another one now
        for name in ("findings", "cases", "actions"):
            shown[name].sort(key=lambda row: str(row["case_id"]))
    return found


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    if str(row.get("event_id")).startswith("PSN-"):
        row["event_id"] = "hidden"
    return row


@pytest.mark.parametrize(("database", "case_id"), TRIED, indirect=["database"])
def test_nothing_but_the_fields_of_the_case_is_changed(store: Store, case_id: str) -> None:
    tell_everything(store, case_id)
    before = everything(store)
    new = store.pseudonymise(case_id, KEY, hours(300), "oak")
    after = everything(store)
    assert without_hashes(after) == without_hashes(replaced(before, case_id, new))
    assert store.verify().faults == ()
    held = store.export_case(new)
    assert {len(held[name]) for name in ("exceptions", "sign_offs", "notes")} == {1}
    assert json.loads(json.dumps(held["findings"][0]["row"]))["case_id"] == new
    stored = store.keep(night(finding(OTHER), finding(case_id), as_of="2026-03-09"))
    assert not stored.repeated and store.verify().faults == ()


def test_the_trail_of_others_is_kept(store: Store) -> None:
    """`mri` is a requirement, too: entries about other cases name it."""
    tell_everything(store, "mri")
    store.pseudonymise("mri", KEY, hours(300), "oak")
    left = [e.action for e in store.trail.entries() if e.payload and OTHER in e.payload]
    assert left == ["exception_requested", "signed_off", "note"]
    assert not [e for e in store.trail.entries() if '"case":"mri"' in str(e.payload)]


def test_no_digest_of_the_old_id_is_left(store: Store) -> None:
    """With the rows at hand an id could be tried out against a hash that was made with it."""
    tell_everything(store, "C1")
    held = store.verify().bound
    digests = {run.digest for run in store.runs()}
    store.pseudonymise("C1", KEY, hours(300), "oak")
    text = "".join(str(entry.payload) for entry in store.trail.entries())
    gone = [n for n, digest in held.items() if store.verify().bound[n] != digest]
    assert {"run 1", "run 2", "exception 1", "sign-off 1", "note 1"} <= set(gone)
    assert not [name for name in gone if held[name] in text]
    assert digests.isdisjoint(run.digest for run in store.runs())


def test_forms_views_and_the_desk_forget_it_too(store: Store) -> None:
    tell_everything(store, "C 1")
    with store.people.once("t1", AT, "/cases/C%201?done=note"):
        pass
    with store.people.once("t2", AT, "/cases/C%2012"):
        pass
    for name, query in (("mine", "q=C+1&site=North"), ("other", "q=C+12")):
        store.people.save_view(name, query, "", by=ASH, at=AT)
    rows = json.dumps({"case": {"case_id": "C 1", "patient_id": "P1"}, "events": []})
    CaseFile.objects.using(store.alias).create(
        protocol=PROTOCOL, case_id="C 1", rows=rows, sha256="x"
    )
    known = Known.objects.using(store.alias).create(
        protocol=PROTOCOL,
        run_id=1,
        as_of="2026-03-01",
        sha256="x",
        context=json.dumps({"torn": [[7, "E7", "P1", "too few"], [8, "E8", "P2", "too few"]]}),
        origin="{}",
        feeds="[]",
        warnings="[]",
        upcoming=1,
        problems=json.dumps(["Urgency is not one of elective, urgent: C 1, C 12 and 3 more."]),
    )
    new = store.pseudonymise("C 1", KEY, hours(300), "oak")
    sent = dict(Sent.objects.using(store.alias).values_list("token", "result"))
    assert sent == {"t1": "/", "t2": "/cases/C%2012"}
    views = dict(SavedView.objects.using(store.alias).values_list("name", "query"))
    assert views == {"mine": "site=North", "other": "q=C+12"}
    known.refresh_from_db()
    assert json.loads(known.context)["torn"] == [[8, "E8", "P2", "too few"]]
    assert json.loads(known.problems) == [
        f"Urgency is not one of elective, urgent: {new}, C 12 and 3 more."
    ]


@pytest.mark.parametrize(
    ("words", "case_id", "same"),
    [
        ("Urgency is not one of elective, urgent, emergency: 20, 3.", "elective", True),
        ("Still scheduled after the date of surgery, judged as past: 1, 20 and 3 more.", "3", True),
        ("Still scheduled after the date of surgery, judged as past: 1, 20.", "2", True),
        ("20 events with a region that the code contradicts: the column decided.", "20", True),
        ("Exceptions that were not needed: 20.", "20", True),
        ("Needs reconfirmation: 20 mri: qi-1 was for surgery on 2026-03-20.", "20", False),
        ("Needs reconfirmation: 20 mri: qi-1 was for surgery on 2026-03-20.", "mri", True),
    ],
)
def test_a_data_problem_is_changed_only_where_it_names_cases(
    words: str, case_id: str, same: bool
) -> None:
    assert (problem_renamed(words, case_id, "PSN") == words) is same


def test_the_words_of_a_change_begin_with_its_case() -> None:
    assert change_renamed("20 mri: due, now 20.", "20", "PSN") == "PSN mri: due, now 20."
    assert change_renamed("201 is there", "20", "PSN") == "201 is there"


def test_erased_entries_stay_announced_when_their_announcement_is_erased(store: Store) -> None:
    """A purge and a pseudonym bind runs anew; the next pseudonym in such a run erases that entry."""
    store.keep(night(finding("C1"), finding("C2")))
    store.keep(night(finding("C1"), finding("C2"), as_of="2026-03-02"))
    store.purge(date(2026, 3, 2), hours(48), "oak")
    for number, case_id in enumerate(("C1", "C2"), start=49):
        store.pseudonymise(case_id, KEY, hours(number), "oak")
        assert store.verify().faults == ()
