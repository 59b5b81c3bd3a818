"""French beside English: every message has its translation, with the same placeholders; pages say that nobody
has reviewed it."""

from __future__ import annotations

import pytest
from babel.messages.pofile import read_po

from scripts.messages import LOCALE, PLACEHOLDER, messages
from tests.helpers.web import GENERAL, Served, a_case, text_of

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


def test_a_stranger_reads_the_sign_in_page_in_french(site: Served) -> None:
    page = site.person().get("/sign-in", headers={"Accept-Language": "fr"}).text
    assert REVIEW in page and "Mot de passe" in text_of(page)
