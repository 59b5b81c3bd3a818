"""digest as a person or a scheduler types it."""

from __future__ import annotations

import email
import email.policy
from pathlib import Path

import pytest

from qi_checker.digest.changes import changes
from qi_checker.digest.snapshot import Snapshot
from tests.helpers.commands import audit, environment, run

EARLIER = "2026-02-02"


@pytest.fixture(scope="module")
def before(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("digest") / "before"
    assert audit(demo, out, "--pages", 0, as_of=EARLIER).code == 0
    return out


def test_one_screen_the_same_twice(audited: Path, before: Path) -> None:
    ran = run("digest", audited, "--since", before)
    assert (ran.code, ran.err) == (0, "")
    assert len(ran.out.splitlines()) <= 24
    assert "New since Mon 2 Feb (" in ran.out and " now, " in ran.out
    assert run("digest", audited, "--since", before).out == ran.out
    assert changes(Snapshot.read(audited), Snapshot.read(before))


def test_page_and_mail_to_a_file(audited: Path, before: Path, tmp_path: Path) -> None:
    for form in ("text", "html", "eml"):
        file = tmp_path / f"digest.{form}"
        ran = run("digest", audited, "--since", before, "--format", form, "--out", file)
        assert (ran.code, ran.out, ran.err) == (0, f"{file}\n", "")
    mail = email.message_from_bytes(
        (tmp_path / "digest.eml").read_bytes(), policy=email.policy.default
    )
    text = next(mail.iter_parts()).get_content()
    assert text.replace("\r\n", "\n") == (tmp_path / "digest.text").read_text(encoding="utf-8")


def test_a_narrow_code_page(audited: Path, before: Path) -> None:
    narrow = environment(LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    ran = run("digest", audited, "--since", before, env=narrow)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.isascii() and "->" in ran.out and "?" not in ran.out


def test_what_is_wrong_is_said(audited: Path, before: Path, demo: Path, tmp_path: Path) -> None:
    for arguments, words in (
        ((tmp_path / "none",), "there is no such folder"),
        ((demo,), "contains no findings.json"),
        ((before, "--since", audited), "is the later audit of the two"),
        ((audited, "--days", -1), "--days: -1 is not possible"),
        ((audited, "--out", tmp_path), "cannot be written"),
    ):
        ran = run("digest", *arguments)
        assert (ran.code, ran.out) == (2, "")
        assert words in ran.err and "Traceback" not in ran.err
