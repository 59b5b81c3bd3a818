"""One person is one person however the name is written, in the store and in files."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qi_checker.protocol import people

SAME = [
    ("José", "José"),
    ("straße", "STRASSE"),
    ("Dr  Oak", " dr oak "),
    ("oak", "оак"),  # all three letters are Cyrillic
    ("OAK", "ОАК"),  # their capitals
    ("oak", "ｏａｋ"),  # full width
    ("o\u00adak", "oak\u200b"),  # a soft hyphen, a space of no width
    ("ﬁnn", "FINN"),
    ("ΣΟΦΙΑΣ", "σοφιας"),
    ("Ⅻ", "xii"),
    ("hen\u3164", "hen"),
    ("hen\u2800", "hen"),  # a Braille pattern without dots
    ("oak", "ᴏᴀᴋ"),  # small capitals
    ("oak", "ꓳꓮꓗ"),  # Lisu
    ("oak", "ⲟⲁⲕ"),  # Coptic
    ("Zed", "ᏃᎬᎠ"),  # Cherokee
]
DIFFERENT = [("José", "Jose"), ("oak", "oaks"), ("Müller", "Muller"), ("田中", "田仲")]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_person(one: str, other: str) -> None:
    assert people.identity(one) == people.identity(other)
    assert people.fault(one, other) == people.SAME


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_two_people(one: str, other: str) -> None:
    assert people.fault(one, other) == ""


@pytest.mark.parametrize(
    ("name", "mixed"),
    [
        ("oаk", True),  # the second letter is Cyrillic
        ("αsh", True),
        ("Ωlga", True),
        ("Müller", False),
        ("ªb", False),
        ("tanaka 田中", False),
        ("田中tanaka", False),
        ("Иванова (ivanova)", False),  # two words, each of one alphabet
        ("dr. o'neill-smith 2", False),
    ],
)
def test_a_word_of_two_alphabets(name: str, mixed: bool) -> None:
    assert people.mixes_alphabets(name) is mixed
    assert (people.fault(name, "elm") == people.MIXED) is mixed


def test_nobody() -> None:
    name = "\u200b \u3164"
    assert people.identity(name) == ""
    assert people.fault(name, "oak") == people.NO_REQUESTER
    assert people.fault("oak", name) == people.NOT_APPROVED


@given(st.text(max_size=12), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_no_way_of_writing_a_name_makes_a_second_person(name: str, form: str) -> None:
    """Normal forms, case and blanks around it; and the function is its own fixed point."""
    written = people.identity(name)
    assert people.identity(unicodedata.normalize(form, name)) == written  # type: ignore[arg-type]
    assert people.identity(f"\u2003{name}\u200d ") == written
    assert people.identity(name.casefold()) == written
    assert people.identity(written) == written
