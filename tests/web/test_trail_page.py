"""Whatever a form writes is in the trail, and the trail's page compares the rows with it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.helpers.web import (
    GENERAL,
    PROTOCOL,
    Person,
    Served,
    copied,
    execute,
    pages_of,
    served,
    set_web,
    sql,
    text_of,
)
from tests.web.test_forms import hidden, opened

# Of every page that takes a form: who sends it, and what. `{case}` has something to do, `{done}` is over.
FORMS: dict[str, tuple[str, str, dict[str, str]]] = {
    "sign_in": ("", "/sign-in", {"login": "both", "password": "both"}),
    "account": ("radiologist", "/account", {"language": "en"}),
    "changes": ("coordinator", "/changes", {"case_id": "{case}", "run": "2 " + PROTOCOL}),
    "views": ("coordinator", "/views", {"name": "Mine", "query": "desk=x"}),
    "note": ("coordinator", "/cases/{case}/notes", {"text": "hello", "to_role": ""}),
    "contact": ("coordinator", "/cases/{case}/contacts", {"whom": "desk", "outcome": "tried"}),
    "look": ("coordinator", "/cases/{case}/looks", {}),
    "wait": ("coordinator", "/cases/{case}/waits", {"until": "{until}"}),
    "undo": ("coordinator", "/cases/{case}/undo", {"kind": "note", "number": "1"}),
    "request_exception": (
        "coordinator",
        "/cases/{case}/exceptions",
        {"requirement": "mri", "reason": "contraindication-mri", "expires_on": "2026-04-30"},
    ),
    "decide": ("radiologist", "/cases/{case}/exceptions/1", {"step": "approve"}),
    "revoke": ("surgeon", "/cases/{case}/exceptions/1/revoke", {"step": "revoke", "why": "wrong"}),
    "sign_off": ("surgeon", "/cases/{case}/sign-off", {"note": "as it is"}),
    "ious": ("surgeon", "/cases/{done}/ious", {"performed": "no"}),
    "find": ("coordinator", "/find", {"id": "P1"}),
    "people": ("administrator", "/people", {"login": "new", "password": "a-long-password-9"}),
    "person": ("administrator", "/people/1", {"do": "given", "role": "surgeon", "site": ""}),
    "trail": ("administrator", "/trail", {}),
    "tokens": ("coordinator", "/tokens", {"name": "", "site": ""}),
    "services": ("administrator", "/services", {"name": "theatre", "site": ""}),
    "sign_out": ("quality_lead", "/sign-out", {}),
}
SILENT = {"session"}  # only that somebody is still there


def newest(site: Served) -> tuple[int, str, str]:
    query = """SELECT sequence, actor, action FROM qi_store_trailentry
               ORDER BY sequence DESC LIMIT 1"""
    number, actor, action = sql(site.config, query)[0]
    return int(number), str(actor), str(action)


def cases(site: Served) -> dict[str, str]:
    todo = f"""SELECT case_id, act_by FROM qi_desk_workitem WHERE site = '{GENERAL}' AND upcoming
               AND act_by BETWEEN '2026-03-05' AND '9998-01-01'
               AND requirements LIKE '%"mri"%' ORDER BY act_by, case_id LIMIT 1"""
    case_id, until = sql(site.config, todo)[0]
    over = f"""SELECT case_id FROM qi_desk_workitem WHERE site = '{GENERAL}' AND NOT upcoming
               AND status = 'performed' ORDER BY case_id LIMIT 1"""
    return {"case": case_id, "until": until, "done": sql(site.config, over)[0][0]}


def marks(person: Person, path: str) -> dict[str, str]:
    """The marks that a form about a case carries, from the page that has it."""
    if not path.startswith("/cases/"):
        return {}
    case_id = path.split("/")[2]
    page = path if path.endswith("/ious") else f"/cases/{case_id}"
    query = "SELECT evidence FROM qi_desk_workitem WHERE case_id = ?"
    evidence = str(sql(person.site.config, query, case_id)[0][0])
    seen = hidden(person.get(page).text, "seen")
    return {"seen": seen, "protocol": PROTOCOL, "evidence": evidence}


def test_every_form_leaves_an_entry_of_who_sent_it(site: Served) -> None:
    writes = {page.name for page in pages_of(site.config) if page.write}
    assert writes == FORMS.keys() | SILENT
    found = cases(site)
    for name, (login, path, form) in FORMS.items():
        person = site.person(login)
        path = path.format(**found)
        said = {key: value.format(**found) for key, value in form.items()}
        sent = marks(person, path)
        before = newest(site)
        answer = person.post(path, sent | said)
        assert answer.status_code in (200, 302), (name, answer.status_code, text_of(answer.text))
        number, actor, action = newest(site)
        assert number > before[0] and action != "case_read", name
        assert actor == (login or "both"), name


def test_a_note_that_was_changed_behind_its_back_is_found(ward: Path, tmp_path: Path) -> None:
    """The page says what `nightly verify` says: rows that are not what the trail has of them."""
    with served(copied(ward, tmp_path / "site")) as site:
        ash, boss = site.person("coordinator"), site.person("administrator")
        case_id = cases(site)["case"]
        sent = opened(ash, case_id) | {"text": "call her", "to_role": ""}
        assert ash.post(f"/cases/{case_id}/notes", sent).status_code == 302
        whole = text_of(boss.post("/trail").text)
        assert re.search(r"The trail is intact: \d+ entries\. \d+ rows are bound to it", whole)
        assert "is recorded only beside the store" in whole
        execute(site.config, "UPDATE qi_people_note SET text = 'call nobody'")
        assert "The trail is not intact: note 1 was changed." in text_of(boss.post("/trail").text)


# What somebody who can write to the database does, how it is taken back, and what the page then says.
FORGERIES = {
    "role": (
        "UPDATE qi_web_membership SET role = 'administrator' WHERE id = 1",
        "UPDATE qi_web_membership SET role = 'coordinator' WHERE id = 1",
        "role 1 (administrator of coordinator, all sites) was changed.",
    ),
    "site": (
        "UPDATE qi_web_membership SET site = '' WHERE site = 'Synthetic North' AND role = 'surgeon'",
        "UPDATE qi_web_membership SET site = 'Synthetic North' WHERE id = 7",
        "role 7 (surgeon of surgeon.north, all sites) was changed.",
    ),
    "account": (
        """INSERT INTO qi_web_user (login, password, name, iss, sub, is_active, language, shortcuts,
           created_at) SELECT 'eve', password, '', '', '', 1, '', 0, created_at FROM qi_web_user
           WHERE id = 1""",
        "DELETE FROM qi_web_user WHERE login = 'eve'",
        "(eve) was added: no entry of the trail records it.",
    ),
    "deleted": (
        "DELETE FROM qi_web_user WHERE login = 'nobody'",
        "SELECT 1",
        "account 17 was removed.",
    ),
    "token": (
        "UPDATE qi_web_token SET revoked_at = NULL",
        "SELECT 1",
        "token 1 (api theatre, all sites) was changed.",
    ),
}


def test_rights_that_nobody_gave_are_found(ward: Path, tmp_path: Path) -> None:
    """What an administrator does leaves the trail whole; what is done behind its back does not."""
    with served(copied(ward, tmp_path / "site")) as site:
        boss = site.person("administrator")
        password = {"password": "a-long-password-9"}
        new = {"login": "new", "role": "surgeon", "site": GENERAL}
        assert boss.post("/people", new | password).status_code == 302
        ((number,),) = sql(site.config, "SELECT id FROM qi_web_user WHERE login = 'new'")
        query = "SELECT id FROM qi_web_membership WHERE user_id = ?"
        ((role,),) = sql(site.config, query, number)
        for form in (
            {"do": "given", "role": "radiologist", "site": ""},
            {"do": "given", "role": "radiologist", "site": ""},  # it is there: nothing changes
            {"do": "taken", "membership": str(role)},
            {"do": "shut"},
            {"do": "opened"},
            {"do": "password", **password},
        ):
            assert boss.post(f"/people/{number}", form).status_code == 302
        assert boss.post("/account", {"language": "en"}).status_code == 302
        assert boss.post("/services", {"name": "theatre", "site": ""}).status_code == 200
        assert boss.post("/services", {"revoke": "1"}).status_code == 302
        assert "The trail is intact" in text_of(boss.post("/trail").text)
        for forged, undone, said in FORGERIES.values():
            execute(site.config, forged)
            told = text_of(boss.post("/trail").text)
            assert "The trail is not intact: " in told and said in told
            execute(site.config, undone)


def test_rights_that_nobody_gave_are_told_after_they_were_given_or_taken(
    ward: Path, tmp_path: Path
) -> None:
    """An administrator who gives or takes a forged role does not hide that it was forged."""
    with served(copied(ward, tmp_path / "site")) as site:
        boss = site.person("administrator")
        query = "SELECT id, user_id FROM qi_web_membership WHERE role = 'surgeon' AND site <> ''"
        role, number = sql(site.config, query)[0]
        forged = """INSERT INTO qi_web_membership (user_id, role, site, given_by)
                    VALUES (1, 'quality_lead', '', 'administrator')"""
        execute(site.config, f"UPDATE qi_web_membership SET site = '' WHERE id = {role}")
        execute(site.config, forged)
        ((added,),) = sql(site.config, "SELECT max(id) FROM qi_web_membership")
        taken, given = {"do": "taken", "membership": str(role)}, {"do": "given", "site": ""}
        assert boss.post(f"/people/{number}", taken).status_code == 302
        assert boss.post("/people/1", given | {"role": "quality_lead"}).status_code == 302
        told = text_of(boss.post("/trail").text)
        assert "The trail is intact" in told
        for name in (f"role {role}", f"role {added}"):
            assert f"{name} was not what the trail said before it" in told


def test_an_end_of_the_trail_that_was_kept_elsewhere_is_compared(
    ward: Path, tmp_path: Path
) -> None:
    config = copied(ward, tmp_path / "site")
    kept, status = tmp_path / "anchors.log", config.parent / "state" / "status.json"
    end = json.loads(status.read_text("utf-8"))["last_good"]["trail"]
    line = f"2026-03-03 qi-checker trail qi-checker {end['sequence']} {end['hash']}\n"
    kept.write_text(line, "utf-8")
    set_web(config.parent, anchor={"file": str(kept)})
    with served(config) as site:
        boss = site.person("administrator")
        told = text_of(boss.post("/trail").text)
        assert f"1 end of the trail in {kept} matches." in told
        assert "This application can rewrite that file." in told
        kept.write_text(line.replace(end["hash"][:8], "00000000"), "utf-8")
        assert "The trail is not intact" in text_of(boss.post("/trail").text)


@pytest.mark.parametrize("path", ["/", "/?desk=MRI+desk"])
def test_a_list_that_was_shown_before_shows_what_somebody_did_since(
    path: str, site: Served
) -> None:
    """Counts are kept until the trail tells of something that changes them: of whoever did it."""
    ash, oak = site.person("coordinator"), site.person("coordinator.general")
    found = dict(re.findall(r"(All|Waiting) \((\d+)\)", text_of(oak.get("/").text)))
    query = f"""SELECT case_id, act_by FROM qi_desk_workitem WHERE site = '{GENERAL}' AND upcoming
                AND act_by BETWEEN '2026-03-05' AND '9998-01-01' AND NOT EXISTS (SELECT 1 FROM
                qi_people_wait w WHERE w.case_id = qi_desk_workitem.case_id)
                ORDER BY act_by, case_id LIMIT 1"""
    case_id, until = sql(site.config, query)[0]
    oak.get(path)
    sent = opened(ash, case_id) | {"until": until}
    assert ash.post(f"/cases/{case_id}/waits", sent).status_code == 302
    now = dict(re.findall(r"(All|Waiting) \((\d+)\)", text_of(oak.get("/").text)))
    assert int(now["All"]) == int(found["All"]) - 1
    assert int(now["Waiting"]) == int(found["Waiting"]) + 1
    assert case_id not in re.findall(r'data-case="/cases/([^"]+)"', oak.get(path).text)


def test_an_empty_place_in_the_address_is_the_top_of_the_list(site: Served) -> None:
    """The page that is kept for one is shown for the other: it must not say that it is a later one."""
    ash = site.person("coordinator")
    assert all("To the top of the list" not in ash.get(path).text for path in ("/?after=", "/"))
