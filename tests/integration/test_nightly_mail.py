"""The digest and a real mail server: encrypted, logged in, once to everybody, or waiting."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from qi_checker.nightly.outbox import Outbox
from qi_checker.nightly.smtp import Server, deliver
from tests.helpers.commands import Ran, environment, run
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
        environ = environment(**env)
        return run("nightly", "--config", self.file, "--as-of", day, env=environ)

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
    assert "the log-in was refused (535)" in ran.err and "battery" not in ran.err
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
    assert ran.code == 1 and "the variable QI_MAIL_PASSWORD is not set" in ran.err
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
    assert ran.code == 2 and "the log-in was refused (535)" in ran.err
    assert server[0].arrived == []
