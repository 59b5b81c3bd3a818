"""Pages are kept between requests, and no process ever shows one from before the last change.

Every request of `Person` opens a connection of its own, so either of the two processes may answer it.
"""

from __future__ import annotations

import re

from tests.helpers.web import PROTOCOL, Person, Served, execute, sql, text_of

ASKED = 6  # that one process answers all of them is one chance in thirty


def line(person: Person, case_id: str) -> str:
    """The line of a case in the list, as it is read."""
    html = person.get("/").text
    found = re.search(rf'<tr[^>]* data-case="/cases/{case_id}".*?</tr>', html, re.DOTALL)
    return text_of(found[0]) if found else ""


def first_cases(site: Served, number: int) -> list[str]:
    query = f"""SELECT case_id FROM qi_desk_workitem WHERE upcoming
                ORDER BY act_by, surgery_day, case_id LIMIT {number}"""
    return [case_id for (case_id,) in sql(site.config, query)]


def test_what_somebody_did_is_in_the_list_of_every_process(site: Served) -> None:
    ash, quinn = site.person("coordinator"), site.person("quality_lead")
    for number, case_id in enumerate(first_cases(site, 6)):
        assert "note" not in line(quinn, case_id)
        if number % 2:
            shown, form = "1 note", {"text": "called", "to_role": "quality_lead"}
            answer = ash.post(f"/cases/{case_id}/notes", form)
        else:
            shown, form = "tried", {"outcome": "tried", "whom": "desk", "said": ""}
            answer = ash.post(f"/cases/{case_id}/contacts", form)
        assert answer.status_code == 302
        assert all(shown in line(quinn, case_id).lower() for _ in range(ASKED))


def test_a_note_that_was_read_is_new_in_no_process(site: Served) -> None:
    ash, remy = site.person("coordinator"), site.person("radiologist")
    for case_id in first_cases(site, 9)[6:]:
        ash.post(f"/cases/{case_id}/notes", {"text": "please look", "to_role": "radiologist"})
        assert all("1 note" in line(remy, case_id) for _ in range(ASKED))
        remy.get(f"/cases/{case_id}")
        assert not any("1 note" in line(remy, case_id) for _ in range(ASKED))


def test_a_night_that_is_repeated_is_in_the_list_of_every_process(site: Served) -> None:
    """It has the run of the first time; how often the desk was written tells them apart."""
    ash = site.person("coordinator")
    for number, case_id in enumerate(first_cases(site, 3)):
        line(ash, case_id)
        room = f"OR 7{number}"
        execute(
            site.config, "UPDATE qi_desk_workitem SET room = ? WHERE case_id = ?", room, case_id
        )
        execute(site.config, "UPDATE qi_desk_known SET written = written + 1")
        assert all(room in line(ash, case_id) for _ in range(ASKED))


def test_an_exception_counts_in_the_what_if_of_every_process(site: Served) -> None:
    ash, quinn = site.person("coordinator"), site.person("quality_lead")
    query = """SELECT case_id, substr(surgery_day, 1, 10) FROM qi_desk_workitem
               WHERE upcoming AND verdict = 'action_needed' AND requirements LIKE '%"ct"%"met"%'
               AND requirements LIKE '%"mri"%"due"%' ORDER BY surgery_day LIMIT 1"""
    case_id, day = sql(site.config, query)[0]
    ask = {"requirement": "mri", "reason": "contraindication-mri", "expires_on": "2026-04-30"}
    assert ash.post(f"/cases/{case_id}/exceptions", ask).status_code == 302
    number = sql(site.config, "SELECT max(id) FROM qi_store_exceptionrequest")[0][0]

    def answers() -> list[str]:
        address = f"/cases/{case_id}/what-if?protocol={PROTOCOL}&to={day}"
        return [text_of(ash.get(address).text) for _ in range(ASKED)]

    assert not any("Exempt" in answer for answer in answers())
    approved = quinn.post(f"/cases/{case_id}/exceptions/{number}", {"step": "approve"})
    assert approved.status_code == 302
    assert all("Exempt" in answer for answer in answers())


def test_a_case_of_another_site_has_no_what_if_once_it_was_asked_for(site: Served) -> None:
    """What is kept of a case is kept for everybody, and shown to whom it is theirs."""
    from qi_checker.demo.ward import NORTH

    query = "SELECT case_id FROM qi_desk_workitem WHERE site = ? AND upcoming LIMIT 1"
    case_id = sql(site.config, query, NORTH)[0][0]
    address = f"/cases/{case_id}/what-if?protocol={PROTOCOL}&to=2026-05-04"
    ash, other = site.person("coordinator"), site.person("coordinator.general")
    assert [ash.get(address).status_code for _ in range(ASKED)] == [200] * ASKED
    assert [other.get(address).status_code for _ in range(ASKED)] == [404] * ASKED


def test_a_password_that_was_changed_ends_every_other_session_at_once(site: Served) -> None:
    from tests.helpers.web import add_accounts

    add_accounts(site.config, {"changes": [("surgeon", "")]})
    here, elsewhere = site.person("changes"), site.person("changes")
    assert all(elsewhere.get("/").status_code == 200 for _ in range(ASKED))
    new = {"old": "changes", "new": "a longer word 27", "repeated": "a longer word 27"}
    assert here.post("/account", new).status_code == 302
    assert all(elsewhere.get("/").status_code == 302 for _ in range(ASKED))
    assert here.get("/").status_code == 200


def test_every_form_of_a_kept_page_has_a_token_of_its_own(site: Served) -> None:
    ash, quinn = site.person("coordinator"), site.person("quality_lead")
    pages = [
        who.get(path).text for path in ("/", "/?done=note") for who in (ash, quinn, ash, quinn)
    ]
    tokens = [re.findall(r'name="token" value="([^"]*)"', page) for page in pages]
    assert all(len(found) > 20 for found in tokens)
    every = [token for found in tokens for token in found]
    assert len(set(every)) == len(every)
    assert all(f'value="{path}"' in page for page, path in zip(pages[:4], "/" * 4, strict=True))
    assert all('value="/?done=note"' in page for page in pages[4:])
    assert not any(re.search(r'"(csrf|path|token)-[0-9a-f]{32}', page) for page in pages)
