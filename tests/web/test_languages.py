"""French beside English: every message has its translation, with the same placeholders; pages say that nobody
has reviewed it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import requests
from babel.messages.pofile import read_po

from qi_checker.protocol.paths import rules_dir
from scripts.messages import LOCALE, PLACEHOLDER, messages
from tests.helpers.commands import environment, run
from tests.helpers.forked import PATIENCE
from tests.helpers.web import (
    GENERAL,
    PROTOCOL,
    Served,
    a_case,
    copied,
    execute,
    set_web,
    sql,
    text_of,
)
from tests.unit.test_french import ENGLISH_WORDS

REVIEW = "n’a pas encore été relue"


def catalogue() -> dict[str, tuple[str, ...]]:
    """The translations of each message, by its (first) English text."""
    with (LOCALE / "fr.po").open("rb") as file:
        rows = list(read_po(file, locale="fr", abort_invalid=True))
    return {
        row.id if isinstance(row.id, str) else row.id[0]: (
            (row.string,) if isinstance(row.string, str) else tuple(row.string)
        )
        for row in rows
        if row.id
    }


def test_every_message_has_its_translation_and_none_is_left_over() -> None:
    """`python -m scripts.messages` brings the file up to date and lists what has no translation."""
    french = catalogue()
    english = {key if isinstance(key, str) else key[0]: key for key in messages()}
    assert set(french) == set(english)
    for first, key in english.items():
        forms = (key,) if isinstance(key, str) else key
        assert len(french[first]) == len(forms) and all(french[first]), first
        for said, translated in zip(forms, french[first], strict=True):
            assert sorted(PLACEHOLDER.findall(said)) == sorted(PLACEHOLDER.findall(translated))
            assert said.count("%") == translated.count("%")


@pytest.mark.parametrize(
    "path", ["/", "/cases/{case}", "/month", "/account", "/nothing", "/people"]
)
def test_every_french_page_says_that_nobody_has_reviewed_it(site: Served, path: str) -> None:
    person, address = site.person("coordinator"), path.format(case=a_case(site.config, GENERAL))
    english = person.get(address).text
    french = person.get(address, headers={"Accept-Language": "fr-CA, en;q=0.5"})
    assert french.headers["Content-Language"] == "fr" and '<html lang="fr">' in french.text
    assert REVIEW in french.text and "Se déconnecter" in french.text
    assert '<html lang="en">' in english and "native reader" not in english
    assert REVIEW not in english


def test_a_report_says_that_it_is_in_english(site: Served) -> None:
    """Reports are files that the night wrote once, for everybody."""
    person, said = site.person("coordinator"), "Ce rapport est en anglais."
    assert (
        said not in person.get("/month", headers={"Accept-Language": "fr"}).text
    )  # none is written
    folder = site.config.parent / "state" / "reports" / "report-2026-02"
    folder.mkdir()
    (folder / "index.html").write_text("<main><p>A synthetic report.</p></main>", encoding="utf-8")
    try:
        french = person.get("/month", headers={"Accept-Language": "fr"}).text
        assert said in french and '<div class="report" lang="en">' in french
        assert "in English" not in person.get("/month").text
    finally:
        shutil.rmtree(folder)


def test_a_stranger_reads_the_sign_in_page_in_french(site: Served) -> None:
    page = site.person().get("/sign-in", headers={"Accept-Language": "fr"}).text
    assert REVIEW in page and "Mot de passe" in text_of(page)


# ---- findings, actions and protocols ---------------------------------------------------------------

FRENCH = {"Accept-Language": "fr"}
PAGES = (
    "/",
    "/?when=later",
    "/?show=changed",
    "/cases/{case}?to=2026-03-30",
    "/cases/{case}/what-if?to=2026-03-12&protocol=" + PROTOCOL,
    "/cases/{case}/sheet",
    "/day-list?day=2026-03-10",
    "/demand",
    "/protocols",
    "/exceptions",
)


def english_in(text: str) -> set[str]:
    """English words of a page, beside what the records say."""
    bare = re.sub(r"<bdi>.*?</bdi>", " ", text, flags=re.DOTALL)
    return set(ENGLISH_WORDS.split()) & set(re.findall(r"[a-zé’]+", text_of(bare).lower()))


@pytest.mark.parametrize("path", PAGES)
def test_a_french_page_has_no_english_sentence(site: Served, path: str) -> None:
    person, case = site.person("coordinator"), a_case(site.config, GENERAL)
    page = person.get(path.format(case=case), headers=FRENCH)
    assert page.status_code == 200 and english_in(page.text) == set()
    assert not re.search(r">[^<]*[0-9]{4}-[0-9]{2}-[0-9]{2}", page.text)
    assert 'lang="en"' not in page.text.replace('name="language" value="en" lang="en"', "")
    if "{case}" in path:
        assert "TDM du foie" in page.text and "avant l’opération" in page.text
    assert english_in(person.get(path.format(case=case)).text)  # the words are looked for rightly


def test_the_calendar_of_a_french_desk(site: Served) -> None:
    person = site.person("coordinator")
    page = person.post("/tokens", {"name": "MRI booking desk", "site": ""}).text
    address = re.findall(r"<code>http://[^/]+(/calendar/[^<]+\.ics)</code>", page)[0]
    answer = requests.get(site.url + address, headers=FRENCH, timeout=PATIENCE)
    assert "SUMMARY:IRM du foie" in answer.content.decode()
    assert "X-WR-CALNAME:Rendez-vous IRM" in answer.content.decode()


def test_the_list_is_narrowed_by_the_desk_that_the_night_knows(site: Served) -> None:
    page = site.person("coordinator").get("/?desk=MRI+booking+desk", headers=FRENCH).text
    assert '<option value="MRI booking desk" selected>Rendez-vous IRM</option>' in page


def test_a_text_is_looked_for_in_the_words_of_the_page(site: Served) -> None:
    person = site.person("coordinator")
    found = {
        language: person.get(f"/?q={text}", headers={"Accept-Language": language}).text.count(
            "<tr "
        )
        for language, text in (("fr", "IRM+du+foie"), ("en", "MRI+of+the+liver"))
    }
    assert found["fr"] == found["en"] > 5


def test_a_desk_of_an_older_night_is_english_and_marked_so(site: Served) -> None:
    """Until the next night; nothing is missing from the list."""
    case = a_case(site.config, GENERAL)
    where = f"WHERE case_id = '{case}'"
    query = f"SELECT actions, said FROM qi_desk_workitem {where}"
    ((actions, said),) = sql(site.config, query)
    of_another_version = json.dumps([["unknown_key", {}] for _ in json.loads(actions)])
    for kept in ("[]", of_another_version):
        execute(site.config, f"UPDATE qi_desk_workitem SET said = ? {where}", kept)
        page = site.person("coordinator").get(f"/cases/{case}", headers=FRENCH).text
        assert f'<p class="command" lang="en">{json.loads(actions)[0]["text"]}</p>' in page
    execute(site.config, f"UPDATE qi_desk_workitem SET said = ? {where}", said)


def test_the_api_speaks_english(site: Served) -> None:
    """So do the files of the night and the commands."""
    rows = sql(site.config, "SELECT actions FROM qi_desk_workitem WHERE act_by < '9999-01-01'")
    texts = [action["text"] for (held,) in rows for action in json.loads(held)]
    assert texts and not [text for text in texts if "À " in text]


def test_a_wrong_translation_is_told_before_anything_is_served(ward: Path, tmp_path: Path) -> None:
    config = copied(ward, tmp_path / "ward")
    rules = shutil.copytree(rules_dir() / PROTOCOL, tmp_path / PROTOCOL)
    set_web(config.parent, protocols=str(rules))
    file = rules / "translations" / "fr.yaml"
    file.write_text("reviewed_by: []\nrequirements: {mir: {title: IRM}}\n", encoding="utf-8")
    done = run("serve", "--config", config, "--listen", "127.0.0.1:1", env=environment())
    assert done.code == 2 and f"{file}:2:16: " in done.err and "Did you mean mri?" in done.err
