"""The digest and a real mail server: encrypted, logged in, once to everybody, or waiting."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email import policy
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from qi_checker.digest.mail import Envelope, digest_mail
from qi_checker.nightly.config import _ADDRESS
from qi_checker.nightly.outbox import Outbox
from qi_checker.nightly.smtp import Server, deliver
from tests.helpers.commands import Ran, environment, run
from tests.helpers.digests import night as some_night
from tests.helpers.mail import (
    PASSWORD,
    USER,
    Behaviour,
    Certificates,
    mail_server,
    make_certificates,
)
from tests.helpers.nights import FIRST, settings, small_protocol

COORDINATOR, LEAD, SURGEON = "coordinator@h.example", "lead@h.example", "surgeon@h.example"
NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
EVERYBODY = sorted([COORDINATOR, LEAD, SURGEON])


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def server(certificates: Certificates) -> Iterator[tuple[Behaviour, int]]:
    with mail_server(certificates) as started:
        yield started


class Hospital:
    """A hospital whose job mails to a server."""

    def __init__(self, folder: Path, certificates: Certificates, port: int, **smtp: Any) -> None:
        self.folder = folder
        secret = folder / "password"
        secret.write_text(PASSWORD + "\n", encoding="utf-8")
        keys = {
            "host": "localhost",
            "port": port,
            "user": USER,
            "password_file": "password",
            "ca_file": str(certificates.authority),
        } | smtp
        self.file = settings(
            folder,
            protocols=small_protocol(folder),
            pages=0,
            digest={
                "from": "qi@h.example",
                "smtp": keys,
                "recipients": {
                    "coordinator": [COORDINATOR],
                    "quality-lead": [LEAD, COORDINATOR],
                    "surgeon": [SURGEON],
                },
            },
        )

    def night(self, day: date = FIRST, **env: str) -> Ran:
        more = {"env": environment(**env)} if env else {}  # which only a start of its own reads
        return run("nightly", "--config", self.file, "--as-of", day, **more)

    def outbox(self) -> dict[str, int]:
        root = self.folder / "state" / "outbox"
        return {f.name: n for f in root.iterdir() if (n := len(list(f.iterdir())))}


def arrived(server: Behaviour) -> list[str]:
    return sorted(to for to, _ in server.arrived)


@pytest.fixture
def hospital(tmp_path: Path, certificates: Certificates, server: tuple[Behaviour, int]) -> Hospital:
    return Hospital(tmp_path, certificates, server[1])


def test_everybody_gets_one_message_over_an_encrypted_connection(
    hospital: Hospital, server: tuple[Behaviour, int]
) -> None:
    """Also where an address has two roles; and the second time of the same night sends nothing."""
    ran = hospital.night()
    assert (ran.code, ran.err) == (0, "")
    behaviour, _ = server
    assert arrived(behaviour) == EVERYBODY
    ids = {message["Message-ID"] for _, message in behaviour.arrived}
    assert len(ids) == 3 and all(i.endswith("@h.example>") for i in ids)
    for to, message in behaviour.arrived:
        assert (message["From"], message["To"]) == ("qi@h.example", to)
        body = message.get_body(("plain",))
        assert body is not None
        assert re.findall(r"\bC[0-9]{2}\b", body.get_content())
        assert not re.findall(r"\b(P|CT|MR)[0-9]{2}\b", str(message))
    assert hospital.night().code == 0
    assert len(behaviour.arrived) == 3
    assert hospital.outbox() == {"sent": 3}


def test_a_night_without_changes_is_told_too(
    hospital: Hospital, server: tuple[Behaviour, int]
) -> None:
    behaviour, _ = server
    for n in range(2):
        assert hospital.night(FIRST + timedelta(days=n)).code == 0
    assert len(behaviour.arrived) == 6


def test_a_server_that_is_down_gets_it_next_time_and_once(
    tmp_path: Path, certificates: Certificates
) -> None:
    with mail_server(certificates) as (_, port):
        pass
    hospital = Hospital(tmp_path, certificates, port)
    ran = hospital.night()
    assert ran.code == 1
    assert "mail server localhost" in ran.err and "connection refused" in ran.err
    assert "sent next time, and never twice" in ran.err
    assert hospital.outbox() == {"queued": 3}
    with mail_server(certificates, port) as (behaviour, _):
        assert hospital.night(FIRST + timedelta(days=1)).code == 0
        assert arrived(behaviour) == sorted(EVERYBODY * 2)
        assert hospital.night(FIRST + timedelta(days=1)).code == 0
        assert len(behaviour.arrived) == 6


def test_a_wrong_password_is_told_and_never_shown(
    tmp_path: Path, certificates: Certificates, server: tuple[Behaviour, int]
) -> None:
    hospital = Hospital(tmp_path, certificates, server[1])
    (tmp_path / "password").write_text("battery staple", encoding="utf-8")
    ran = hospital.night()
    assert ran.code == 1
    assert "the login was refused (535)" in ran.err and "battery" not in ran.err
    assert "battery" not in (tmp_path / "state" / "nightly.log").read_text("utf-8")
    assert (hospital.outbox(), server[0].arrived) == ({"queued": 3}, [])


def test_a_password_that_is_not_there_is_told(
    tmp_path: Path, certificates: Certificates, server: tuple[Behaviour, int]
) -> None:
    hospital = Hospital(
        tmp_path, certificates, server[1], password_file=None, password_env="QI_MAIL_PASSWORD"
    )
    hospital.file.write_text(
        hospital.file.read_text("utf-8").replace('"password_file": null, ', ""), encoding="utf-8"
    )
    ran = hospital.night()
    assert ran.code == 1 and "the environment variable QI_MAIL_PASSWORD is not set" in ran.err
    assert hospital.night(QI_MAIL_PASSWORD=PASSWORD).code == 0
    assert arrived(server[0]) == EVERYBODY


def test_an_authority_that_is_not_trusted_gets_no_password(
    tmp_path: Path, certificates: Certificates, server: tuple[Behaviour, int]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    hospital = Hospital(
        tmp_path, certificates, server[1], ca_file=str(make_certificates(other).authority)
    )
    ran = hospital.night()
    assert ran.code == 1 and "its certificate is not trusted" in ran.err
    assert (hospital.outbox(), server[0].arrived) == ({"queued": 3}, [])


def test_one_refused_recipient_does_not_keep_it_from_the_others(
    hospital: Hospital, server: tuple[Behaviour, int]
) -> None:
    behaviour, _ = server
    behaviour.refuses[LEAD] = "550 no such user"
    ran = hospital.night()
    assert ran.code == 1
    assert "Messages refused by the mail server: 1; see outbox/refused." in ran.err
    assert arrived(behaviour) == sorted([COORDINATOR, SURGEON])
    assert hospital.outbox() == {"refused": 1, "sent": 2}
    assert LEAD not in ran.err


def test_one_that_is_told_to_come_later_waits(
    hospital: Hospital, server: tuple[Behaviour, int]
) -> None:
    behaviour, _ = server
    behaviour.refuses[LEAD] = "450 greylisted"
    assert hospital.night().code == 1
    assert hospital.outbox() == {"queued": 1, "sent": 2}
    behaviour.refuses.clear()
    behaviour.says_later = True
    assert hospital.night().code == 1
    behaviour.says_later = False
    assert hospital.night().code == 0
    assert arrived(behaviour) == EVERYBODY


def test_a_server_that_dies_before_the_end_of_a_message_gets_it_again(
    hospital: Hospital, server: tuple[Behaviour, int]
) -> None:
    behaviour, _ = server
    behaviour.dies_in_data = True
    ran = hospital.night()
    assert ran.code == 1 and "it ended the connection" in ran.err
    assert hospital.outbox() == {"queued": 3}
    behaviour.dies_in_data = False
    assert hospital.night().code == 0
    assert arrived(behaviour) == EVERYBODY


def test_a_server_that_dies_without_an_answer_never_gets_it_twice(
    hospital: Hospital, server: tuple[Behaviour, int]
) -> None:
    """It may have taken the message, as here; nobody can know, and a person is told."""
    behaviour, _ = server
    behaviour.dies_at_the_end = True
    ran = hospital.night()
    assert ran.code == 1 and "Messages doubtful by the mail server: 1" in ran.err
    assert hospital.outbox() == {"doubtful": 1, "queued": 2}
    behaviour.dies_at_the_end = False
    assert hospital.night().code == 0
    assert arrived(behaviour) == EVERYBODY
    health = run("healthcheck", "--config", hospital.file)
    assert health.code == 1 and "FAIL outbox doubtful: 1 messages" in health.out


def _queued(folder: Path) -> Outbox:
    box = Outbox(folder)
    box.prepare()
    for n in range(2):
        box.add(f"run-{n}.eml", f"From: a@h.example\r\nTo: b{n}@h.example\r\n\r\n.x\r\n".encode())
    return box


def test_a_server_that_never_answers_is_left_alone(tmp_path: Path) -> None:
    """The shortest wait that can be written is a minute; a test has no such patience."""
    box = _queued(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = deliver(box, Server("127.0.0.1", silent.getsockname()[1], "none", timeout=0.2))
    assert done.waiting == 2 and done.problem is not None
    assert done.problem.what == "it did not answer within 0.2 seconds"


def test_an_answer_that_comes_too_late_is_doubtful(
    tmp_path: Path, certificates: Certificates, server: tuple[Behaviour, int]
) -> None:
    box = _queued(tmp_path)
    server[0].slow = 5.0
    trusted = certificates.authority
    slow = Server("localhost", server[1], "starttls", USER, PASSWORD, trusted, timeout=0.5)
    done = deliver(box, slow)
    assert (done.sent, done.doubtful, done.waiting) == (0, 1, 1)


def test_a_line_that_begins_with_a_dot_arrives_as_it_is(
    tmp_path: Path, certificates: Certificates, server: tuple[Behaviour, int]
) -> None:
    box = _queued(tmp_path)
    deliver(box, Server("localhost", server[1], "starttls", USER, PASSWORD, certificates.authority))
    assert [m.get_payload() for _, m in server[0].arrived] == [".x\r\n", ".x\r\n"]


def test_check_config_logs_in_and_sends_nothing(
    hospital: Hospital, server: tuple[Behaviour, int]
) -> None:
    ran = run("nightly", "check-config", "--config", hospital.file)
    assert (ran.code, ran.err) == (0, "")
    assert "answers, and lets the user in" in ran.out
    (hospital.folder / "password").write_text("wrong", encoding="utf-8")
    ran = run("nightly", "check-config", "--config", hospital.file)
    assert ran.code == 2 and "the login was refused (535)" in ran.err
    assert server[0].arrived == []


# ---- letters beyond ASCII ------------------------------------------------------------------------

UMLAUT = "j\u00fcrgen.gro\u00df@h.example"


def with_umlaut(folder: Path, certificates: Certificates, port: int, **smtp: Any) -> Hospital:
    """A hospital one of whose addresses only SMTPUTF8 can carry."""
    hospital = Hospital(folder, certificates, port, **smtp)
    text = hospital.file.read_text("utf-8").replace(f'"{SURGEON}"', f'"{SURGEON}", "{UMLAUT}"')
    hospital.file.write_text(text, encoding="utf-8")
    return hospital


def test_an_address_with_an_umlaut_where_the_server_can(
    tmp_path: Path, certificates: Certificates
) -> None:
    with mail_server(certificates, utf8=True) as (behaviour, port):
        hospital = with_umlaut(tmp_path, certificates, port)
        assert run("nightly", "check-config", "--config", hospital.file).code == 0
        ran = hospital.night()
        assert (ran.code, ran.err) == (0, "")
        assert arrived(behaviour) == sorted([*EVERYBODY, UMLAUT])
        (message,) = [message for to, message in behaviour.arrived if to == UMLAUT]
        assert UMLAUT.encode() in message.as_bytes(policy=policy.SMTPUTF8)
    assert hospital.outbox() == {"sent": 4}


def test_an_address_with_an_umlaut_where_it_cannot_holds_nobody_back(
    tmp_path: Path, certificates: Certificates, server: tuple[Behaviour, int]
) -> None:
    """The settings check names it; the night sends the others, and says how many it did not."""
    hospital = with_umlaut(tmp_path, certificates, server[1])
    checked = run("nightly", "check-config", "--config", hospital.file)
    assert checked.code == 2
    assert f"digest: {UMLAUT} cannot be reached through localhost:{server[1]}" in checked.err
    assert checked.err.count("\n") == 1 and "SMTPUTF8" in checked.err
    ran = hospital.night()
    assert ran.code == 1 and "Messages refused by the mail server: 1" in ran.err
    assert arrived(server[0]) == EVERYBODY
    assert hospital.outbox() == {"refused": 1, "sent": 3}


def test_a_name_and_a_password_with_umlauts(
    tmp_path: Path, certificates: Certificates, server: tuple[Behaviour, int]
) -> None:
    hospital = Hospital(tmp_path, certificates, server[1], user="j\u00fcrgen")
    (tmp_path / "password").write_text("schl\u00fcssel\n", encoding="utf-8")
    assert hospital.night().code == 0
    assert arrived(server[0]) == EVERYBODY


@settings_of_hypothesis(max_examples=200)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=24))
def test_what_the_settings_accept_can_be_written_to(name: str) -> None:
    """And is read back from the message as it stood in the settings."""
    address = f"{name}@h.example"
    assume(_ADDRESS.fullmatch(address))
    box = Outbox(Path(mkdtemp()))
    box.prepare()
    envelope = Envelope("qi@h.example", (address,), "<run-1@h.example>", "", NOW)
    box.add("run-1.eml", digest_mail(some_night(), envelope))
    assert box.read("run-1.eml")[:2] == ("qi@h.example", address)
    shutil.rmtree(box.root)


# ---- messages that are in each other's way -------------------------------------------------------


def _many(folder: Path, number: int = 7) -> Outbox:
    box = Outbox(folder)
    box.prepare()
    for n in range(number):
        box.add(f"run-{n}.eml", f"From: a@h.example\r\nTo: b{n}@h.example\r\n\r\nx\r\n".encode())
    return box


def _trusted(certificates: Certificates, port: int) -> Server:
    return Server("localhost", port, "starttls", USER, PASSWORD, certificates.authority, timeout=10)


@pytest.mark.parametrize(
    ("ends_at", "ends_with", "stays"),
    [
        *(
            (at, "421 too many", stays)
            for at in ("MAIL", "RCPT", "DATA", "END")
            for stays in (0, 1)
        ),
        # Without a word: after the last byte nobody would know whether the message was sent.
        *((at, "", False) for at in ("MAIL", "RCPT", "DATA")),
    ],
)
def test_a_session_that_ends_is_followed_by_another(
    tmp_path: Path,
    certificates: Certificates,
    server: tuple[Behaviour, int],
    ends_at: str,
    ends_with: str,
    stays: bool,
) -> None:
    """At whatever command the server has had enough, and whether it says so or only goes away."""
    behaviour, port = server
    behaviour.most, behaviour.ends_at = 3, ends_at
    behaviour.ends_with, behaviour.stays = ends_with, stays
    box = _many(tmp_path)
    done = deliver(box, _trusted(certificates, port))
    assert (done.sent, done.refused, done.doubtful, done.waiting) == (7, 0, 0, 0)
    assert done.problem is None
    assert arrived(behaviour) == sorted(f"b{n}@h.example" for n in range(7))


def test_a_server_that_takes_nothing_is_asked_twice_and_no_more(
    tmp_path: Path, certificates: Certificates, server: tuple[Behaviour, int]
) -> None:
    behaviour, port = server
    behaviour.most = 0
    done = deliver(_many(tmp_path), _trusted(certificates, port))
    assert (done.sent, done.waiting) == (0, 7)
    assert done.problem is not None and done.problem.what == "it ended the session (421)"


@pytest.mark.parametrize("which", [0, 3, 6])
def test_a_message_that_cuts_the_connection_does_not_hold_back_the_others(
    tmp_path: Path, certificates: Certificates, server: tuple[Behaviour, int], which: int
) -> None:
    behaviour, port = server
    behaviour.cuts.add(f"b{which}@h.example")
    box = _many(tmp_path)
    done = deliver(box, _trusted(certificates, port))
    assert (done.sent, done.doubtful, done.waiting) == (6, 0, 1)
    assert done.problem is not None and done.problem.what == "it ended the connection"
    assert box.names("queued") == [f"run-{which}.eml"]


def test_what_is_no_message_does_not_hold_back_the_others(
    tmp_path: Path, certificates: Certificates, server: tuple[Behaviour, int]
) -> None:
    """Files of an earlier version, or of somebody who looked for trouble."""
    box = _many(tmp_path, 2)
    for name, content in (
        ("run-00.eml", b""),
        ("run-01.eml", b"\xff\xfe\x00"),
        ("run-02.eml", b"From: a@h.example\r\n\r\nto nobody\r\n"),
        ("run-03.eml", b"From: a@h.example\r\nTo: j\xfcrgen@h.example\r\n\r\nlatin-1\r\n"),
        ("run-04.eml", b"From: a@h.example\r\nTo: =?utf-8?q?a=0D=0AQUIT?=@h\r\n\r\nx\r\n"),
    ):
        (box.folder("queued") / name).write_bytes(content)
    done = deliver(box, _trusted(certificates, server[1]))
    assert done.sent == 2 and done.sent + done.refused == 7
    assert arrived(server[0]) == ["b0@h.example", "b1@h.example"]
