"""What people write: once, on what they saw, taken back where it may be, and in the list at once."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from qi_checker.demo.ward import NORTH
from qi_checker.protocol.records import IOUS as IOUS_TABLE
from tests.helpers.commands import run
from tests.helpers.web import (
    GENERAL,
    PROTOCOL,
    Person,
    Served,
    a_case,
    execute,
    served,
    sql,
    text_of,
)


@pytest.fixture(scope="module")
def one(site: Served) -> Served:
    """The site of this file; every test takes cases that no other has."""
    return site


@pytest.fixture
def fresh(site: Served) -> str:
    """A case that somebody has to do something about, and that no other test has taken."""
    query = """SELECT case_id FROM qi_desk_workitem WHERE site = ? AND upcoming
               AND act_by < '9999-01-01' AND NOT EXISTS (
                   SELECT 1 FROM qi_store_trailentry WHERE instr(payload, '"' || case_id || '"'))
               ORDER BY act_by, case_id LIMIT 1"""
    return str(sql(site.config, query, GENERAL)[0][0])


def hidden(html: str, name: str) -> str:
    """A hidden field of a page; the first of its name."""
    return re.findall(rf'name="{name}" value="([^"]*)"', html)[0]


def opened(person: Person, case_id: str) -> dict[str, str]:
    """The marks that the forms of a case carry."""
    html = person.get(f"/cases/{case_id}").text
    return {name: hidden(html, name) for name in ("seen", "token")} | {
        "protocol": PROTOCOL,
        "evidence": hidden(html, "evidence"),
    }


def count(site: Served, table: str, case_id: str) -> int:
    query = f"SELECT count(*) FROM {table} WHERE case_id = ?"
    return int(sql(site.config, query, case_id)[0][0])


def test_a_note_a_call_and_a_look_are_on_the_page_and_can_be_taken_back(
    one: Served, fresh: str
) -> None:
    case_id, ash, oak = fresh, one.person("coordinator"), one.person("surgeon")
    form = opened(ash, case_id)
    answer = ash.post(
        f"/cases/{case_id}/notes", form | {"to_role": "surgeon", "text": "<b>Ask</b> her"}
    )
    number = re.fullmatch(rf"/cases/{case_id}\?done=note&n=(\d+)#main", answer.headers["Location"])
    assert number
    assert (
        "1 note" in oak.get(f"/?q={case_id}").text
        and "1 note" not in ash.get(f"/?q={case_id}").text
    )
    page = oak.get(f"/cases/{case_id}").text
    assert "&lt;b&gt;Ask&lt;/b&gt; her" in page and "1 note" not in oak.get(f"/?q={case_id}").text
    form = opened(ash, case_id)
    ash.post(f"/cases/{case_id}/contacts", form | {"whom": "MRI desk", "outcome": "left_message"})
    assert "left a message" in ash.get(f"/?q={case_id}").text
    assert "MRI desk: left a message" in text_of(ash.get(f"/cases/{case_id}").text)
    refused = oak.post(f"/cases/{case_id}/undo", {"kind": "note", "number": number[1]})
    said = "there is nothing of yours to undo. Look at the case again."
    assert refused.status_code == 422 and said in text_of(refused.text)
    ash.post(f"/cases/{case_id}/undo", {"kind": "note", "number": number[1]})
    assert "Ask&lt;" not in oak.get(f"/cases/{case_id}").text


def test_a_form_that_is_sent_twice_is_taken_once(one: Served, fresh: str) -> None:
    """Two clicks, and the back button: the second is led where the first one was."""
    case_id, ash = fresh, one.person("coordinator")
    form = opened(ash, case_id) | {"text": "once", "to_role": ""}
    first = ash.post(f"/cases/{case_id}/notes", form)
    second = ash.post(f"/cases/{case_id}/notes", form)
    assert (first.status_code, second.status_code) == (302, 302)
    assert count(one, "qi_people_note", case_id) == 1


def test_a_form_of_an_old_page_keeps_what_was_typed_and_says_what_changed(
    one: Served, fresh: str
) -> None:
    case_id, ash, elm = fresh, one.person("coordinator"), one.person("radiologist")
    old = opened(ash, case_id)
    asked = opened(one.person("surgeon"), case_id)
    person = one.person("surgeon")
    exception = {
        "requirement": "mri",
        "reason": "contraindication-mri",
        "expires_on": "2026-04-30",
        "note": "pacemaker",
    }
    assert person.post(f"/cases/{case_id}/exceptions", asked | exception).status_code == 302
    answer = ash.post(
        f"/cases/{case_id}/waits", old | {"until": "2026-03-05", "why": "Her son calls"}
    )
    assert answer.status_code == 409
    assert "is now: requested." in text_of(answer.text)
    assert 'value="Her son calls"' in answer.text and count(one, "qi_people_wait", case_id) == 0
    execute(
        one.config,
        "UPDATE qi_desk_workitem SET surgery_at = '2026-04-09T08:00' WHERE case_id = ?",
        case_id,
    )
    answer = elm.post(f"/cases/{case_id}/notes", old | {"text": "seen"})
    assert "to Thu 9 Apr 2026 08:00" in text_of(answer.text)
    again = old | {"seen": hidden(answer.text, "seen"), "token": "new", "text": "seen"}
    assert elm.post(f"/cases/{case_id}/notes", again).status_code == 302


def test_a_forged_mark_is_an_old_page(one: Served, fresh: str) -> None:
    case_id, ash = fresh, one.person("coordinator")
    answer = ash.post(f"/cases/{case_id}/notes", {"seen": "x.y.z", "text": "hello"})
    assert answer.status_code == 409 and "out of date" in answer.text


def test_four_eyes(one: Served) -> None:
    """Who asked cannot decide, whatever their roles; the list shows the exception at once."""
    from tests.helpers.web import add_accounts

    add_accounts(one.config, {"multi": [("coordinator", ""), ("quality_lead", "")]})
    case_id = case_without_mri(one)
    multi, quinn = one.person("multi"), one.person("quality_lead")
    ask = {"requirement": "mri", "reason": "contraindication-mri", "expires_on": "2026-04-30"}
    multi.post(f"/cases/{case_id}/exceptions", opened(multi, case_id) | ask)
    query = "SELECT id FROM qi_store_exceptionrequest WHERE case_id = ?"
    where = f"/cases/{case_id}/exceptions/{sql(one.config, query, case_id)[0][0]}"
    page = multi.get(f"/cases/{case_id}").text
    assert "somebody else must decide" in page and 'value="approve"' not in page
    own = multi.post(where, opened(multi, case_id) | {"step": "approve"})
    assert own.status_code == 422 and "Ask somebody else" in own.text
    assert verdict(one, case_id) == "action_needed"
    done = quinn.post(where, opened(quinn, case_id) | {"step": "approve"})
    assert done.status_code == 302
    assert verdict(one, case_id) == "compliant_with_exception"
    page = text_of(quinn.get(f"/cases/{case_id}").text)
    assert "updated since the night" in page and "Exempt" in page
    late = quinn.post(where, opened(quinn, case_id) | {"step": "approve"})
    assert late.status_code == 422
    ash = one.person("coordinator")
    mute = ash.post(f"{where}/revoke", opened(ash, case_id) | {"step": "revoke"})
    assert mute.status_code == 422 and "Give a reason." in mute.text
    form = opened(ash, case_id) | {"step": "revoke", "why": "MRI is possible"}
    assert ash.post(f"{where}/revoke", form).status_code == 302
    assert verdict(one, case_id) == "action_needed"


def case_without_mri(site: Served) -> str:
    query = """SELECT case_id FROM qi_desk_workitem WHERE upcoming AND verdict = 'action_needed'
               AND requirements LIKE '%"ct"%"met"%' AND requirements LIKE '%"mri"%"due"%'
               AND NOT live
               ORDER BY surgery_day LIMIT 1"""
    return str(sql(site.config, query)[0][0])


def verdict(site: Served, case_id: str) -> str:
    query = "SELECT verdict FROM qi_desk_workitem WHERE case_id = ?"
    return str(sql(site.config, query, case_id)[0][0])


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"reason": ""}, "Choose a reason"),
        ({"reason": "too-busy"}, "does not accept this reason"),
        ({"requirement": "pet"}, "no protocol has this requirement"),
        ({"expires_on": "2027-12-31"}, "accepts at most"),
        ({"expires_on": "soon"}, "Enter a date"),
    ],
)
def test_what_can_never_count_is_not_asked_for(
    site: Served, typed: dict[str, str], said: str
) -> None:
    case_id, ash = a_case(site.config, NORTH), site.person("coordinator")
    ask = {"requirement": "mri", "reason": "contraindication-mri", "expires_on": "2026-04-30"}
    answer = ash.post(f"/cases/{case_id}/exceptions", opened(ash, case_id) | ask | typed)
    assert answer.status_code == 422 and said in text_of(answer.text)
    assert count(site, "qi_store_exceptionrequest", case_id) == 0


def test_a_sign_off_is_void_when_the_evidence_changes(one: Served, fresh: str) -> None:
    case_id, oak = fresh, one.person("surgeon")
    form = opened(oak, case_id)
    assert oak.post(f"/cases/{case_id}/sign-off", form | {"note": "mine"}).status_code == 302
    assert "holds" in text_of(oak.get(f"/cases/{case_id}").text)
    execute(one.config, "UPDATE qi_store_evidencerow SET row = 'x' WHERE case_id = ?", case_id)
    assert "void: changed since" in text_of(oak.get(f"/cases/{case_id}").text)
    wrong = form | {"evidence": "0" * 64, "token": "other"}
    assert oak.post(f"/cases/{case_id}/sign-off", wrong).status_code == 422


def test_a_case_waits_until_a_day_and_comes_back(one: Served) -> None:
    query = """SELECT case_id, act_by FROM qi_desk_workitem WHERE upcoming AND act_by BETWEEN
               '2026-03-12' AND '2026-04-30' ORDER BY act_by"""
    case_id, last = sql(one.config, query)[-1]
    ash = one.person("coordinator")
    late = ash.post(f"/cases/{case_id}/waits", opened(ash, case_id) | {"until": "2026-12-24"})
    said = f"the last day to act is {last}. Give {last} or an earlier day."
    assert late.status_code == 422 and said in text_of(late.text)
    form = opened(ash, case_id) | {"until": "2026-03-10", "why": "on holiday"}
    assert ash.post(f"/cases/{case_id}/waits", form).status_code == 302
    assert case_id not in ash.get("/").text
    assert case_id in ash.get("/?show=waiting").text
    with served(one.config, now="2026-03-10T08:00:00-04:00") as later:
        assert case_id in later.person("coordinator").get("/").text


def test_changes_are_acknowledged_one_by_one_and_all(one: Served) -> None:
    ash, oak = one.person("coordinator"), one.person("surgeon")
    found = changed(ash)
    assert len(found) >= 2 and found == changed(oak)
    form = {"case_id": found[0], "run": run_of(one, found[0])}
    assert ash.post("/changes", form | {"next": "/?show=changed"}).status_code == 302
    assert changed(ash) == found[1:] and changed(oak) == found
    ash.post("/changes", {"run": f"1 {PROTOCOL}"})  # a page from before the last night
    assert changed(ash) == found[1:]
    ash.post("/changes", {"run": f"99 {PROTOCOL}"})  # never more than there is
    assert changed(ash) == []
    assert sql(one.config, "SELECT max(run_id) FROM qi_people_acknowledged")[0][0] == 2


def changed(person: Person) -> list[str]:
    html = person.get("/?show=changed").text
    return re.findall(r'data-case="/cases/([^"]+)"', html)


def run_of(site: Served, case_id: str) -> str:
    query = "SELECT changed_run, protocol FROM qi_desk_workitem WHERE case_id = ?"
    number, protocol = sql(site.config, query, case_id)[0]
    return f"{number} {protocol}"


def test_looked_at_is_void_when_the_evidence_changes(one: Served, fresh: str) -> None:
    case_id, ash = fresh, one.person("coordinator")
    form = opened(ash, case_id)
    assert ash.post(f"/cases/{case_id}/looks", form).status_code == 302
    assert "looked" in text_of(one.person("surgeon").get(f"/?q={case_id}").text)
    execute(
        one.config, "UPDATE qi_desk_workitem SET evidence = ? WHERE case_id = ?", "0" * 64, case_id
    )
    assert "changed since looked" in text_of(ash.get(f"/?q={case_id}").text)
    old = ash.post(
        f"/cases/{case_id}/looks", form | {"token": "t2", "seen": opened(ash, case_id)["seen"]}
    )
    assert old.status_code == 422 and "look at it again" in old.text


def test_views_are_kept_for_me_and_for_the_team(one: Served) -> None:
    ash, elm = one.person("coordinator"), one.person("radiologist")
    query = "surgeon=Synthetic+surgeon+A&evil=1&when=soon"
    form = {"name": "Mine <A>", "query": query, "team": "radiologist", "next": "/?when=soon"}
    assert ash.post("/views", form).status_code == 302
    assert 'href="/?surgeon=Synthetic+surgeon+A&amp;when=soon"' in ash.get("/").text
    assert "Mine &lt;A&gt;" in ash.get("/").text and "Mine" not in text_of(elm.get("/").text)
    elm.post("/views", {"name": "Ours", "query": "modality=MR", "team": "radiologist"})
    assert "Ours" in one.person("radiologist.north").get("/").text
    number = sql(one.config, "SELECT id FROM qi_people_savedview WHERE name = 'Ours'")[0][0]
    assert one.person("radiologist.north").post("/views", {"remove": number}).status_code == 400
    assert elm.post("/views", {"remove": number}).status_code == 302


IOUS = {
    "performed": "yes",
    "plan_recorded_before": "yes",
    "plan_change": ["additional_resection"],
    "lesions_preop": "3",
    "lesions_new": "1",
    "operator": "surgeon",
}


def test_ultrasound_is_entered_and_corrected_as_a_chain(one: Served) -> None:
    case_id = performed(one)
    oak, ash = one.person("surgeon"), one.person("coordinator")
    assert case_id in oak.get("/ultrasound").text
    first = {"seen": hidden(oak.get(f"/cases/{case_id}/ious").text, "seen")}
    stale = {"seen": hidden(ash.get(f"/cases/{case_id}/ious").text, "seen")}
    assert oak.post(f"/cases/{case_id}/ious", first | IOUS).status_code == 302
    late = ash.post(f"/cases/{case_id}/ious", stale | IOUS | {"why": "x", "lesions_new": "2"})
    assert late.status_code == 409 and 'value="2"' in late.text
    mute = {"seen": hidden(late.text, "seen")}
    assert ash.post(f"/cases/{case_id}/ious", mute | IOUS).status_code == 422
    fixed = mute | IOUS | {"why": "typing error", "lesions_new": "2"}
    assert ash.post(f"/cases/{case_id}/ious", fixed).status_code == 302
    page = text_of(ash.get(f"/cases/{case_id}/ious").text)
    assert "typing error" in page and "New lesions 2" in page and "New lesions 1" in page
    assert count(one, "qi_people_iousentry", case_id) == 2
    file = ash.get("/ultrasound/ious.csv")
    assert (
        file.headers["Content-Type"].startswith("text/csv")
        and oak.get("/ultrasound/ious.csv").status_code == 403
    )
    columns, row = file.text.splitlines()
    assert tuple(columns.split(",")) == IOUS_TABLE.names
    assert row == f"{case_id},yes,yes,additional_resection,3,2,,,surgeon,,"
    told = sql(one.config, "SELECT payload FROM qi_store_trailentry WHERE action = 'file_read'")
    assert any("ious.csv" in payload for (payload,) in told)


def test_an_entry_is_counted_by_the_study(one: Served, tmp_path: Path) -> None:
    """Before the row of `ious.csv` for the same operation, which is listed as rejected."""
    case_id, oak = performed(one, 2), one.person("surgeon")
    sent = {"seen": hidden(oak.get(f"/cases/{case_id}/ious").text, "seen")} | IOUS
    assert oak.post(f"/cases/{case_id}/ious", sent).status_code == 302
    data = shutil.copytree(one.config.parent / "data", tmp_path / "data")
    alone = studied(one, data, tmp_path / "both")
    (rejected,) = (row for row in alone["rejects"] if row[4] == case_id)
    assert rejected[1] == "ious.csv" and "web application" in rejected[5]
    (data / "ious.csv").unlink()
    found = studied(one, data, tmp_path / "entries")["plan_change"]
    entered = sql(one.config, "SELECT count(DISTINCT case_id) FROM qi_people_iousentry")[0][0]
    assert found["rate"]["after"]["part"] == found["rate"]["after"]["whole"] == entered
    assert found["file"] == "entries of the web application"


def studied(site: Served, data: Path, out: Path) -> dict[str, Any]:
    """study.json of a comparison that reads the entries of a site."""
    periods = ["--before", "2025-03-01..2025-08-31", "--after", "2025-09-01..2026-03-02"]
    words = ["--data", data, "--config", site.config, *periods, "--out", out, "--format", "json"]
    done = run("study", *words)
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads((out / "study.json").read_text("utf-8"))
    return found


def performed(site: Served, which: int = 0) -> str:
    query = "SELECT case_id FROM qi_desk_workitem WHERE status = 'performed' ORDER BY case_id"
    return str(sql(site.config, query)[which][0])


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"performed": ""}, "Select whether ultrasound was performed."),
        ({"plan_recorded_before": ""}, "Select whether the plan was recorded before."),
        ({"plan_change": []}, "Select whether the plan changed, and how."),
        ({"plan_change": ["no_change", "abandoned"]}, "cannot be combined with a change"),
        ({"plan_change": ["magic"]}, "Select from the list."),
        ({"lesions_new": "-1"}, "Enter a whole number"),
        ({"lesions_new": "1000"}, "Enter a whole number"),
    ],
)
def test_ultrasound_is_checked_as_a_study_checks_it(
    site: Served, typed: dict[str, object], said: str
) -> None:
    case_id, oak = performed(site, 1), site.person("surgeon")
    seen = {"seen": hidden(oak.get(f"/cases/{case_id}/ious").text, "seen")}
    answer = oak.post(f"/cases/{case_id}/ious", seen | IOUS | typed)
    assert answer.status_code == 422 and said in text_of(answer.text)
    assert count(site, "qi_people_iousentry", case_id) == 0


def test_a_patient_is_found_without_an_id_in_an_address(site: Served) -> None:
    case_id, patient, where = sql(
        site.config,
        "SELECT case_id, patient_id, site FROM qi_desk_workitem WHERE site = ? LIMIT 1",
        GENERAL,
    )[0]
    assert where == GENERAL
    answer = site.person("coordinator").post("/find", {"id": patient})
    assert case_id in answer.text and answer.url.endswith("/find")
    assert case_id not in site.person("coordinator.north").post("/find", {"id": patient}).text
    assert case_id not in site.person("coordinator").post("/find", {"id": patient[:-1]}).text


def test_what_cannot_be_kept_is_said_at_the_field(site: Served) -> None:
    case_id, ash = a_case(site.config), site.person("coordinator")
    answer = ash.post(
        f"/cases/{case_id}/notes", opened(ash, case_id) | {"text": " ", "to_role": "pope"}
    )
    assert answer.status_code == 422
    assert 'href="#note-to_role"' in answer.text and 'id="note-to_role-error"' in answer.text
    long = ash.post(f"/cases/{case_id}/notes", opened(ash, case_id) | {"text": "x" * 5000})
    assert long.status_code == 422 and "x" * 5000 in long.text
