"""A real mail server on loopback, with STARTTLS and a log-in, that can be told to misbehave."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "qi-checker", "correct horse"


@dataclass
class Certificates:
    """An authority of our own, and what it signed for localhost."""

    authority: Path
    certificate: Path
    key: Path


def make_certificates(folder: Path) -> Certificates:
    """By the openssl command, as an administrator would."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: sh scripts/native.sh")
    made = Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    ca_key, request, more = folder / "ca.key", folder / "request.pem", folder / "more.cnf"
    more.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n", encoding="utf-8")
    new = ("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    for command in (
        (
            *new,
            "-x509",
            "-days",
            "2",
            "-subj",
            "/CN=Test authority",
            "-keyout",
            ca_key,
            "-out",
            made.authority,
        ),
        (*new, "-subj", "/CN=localhost", "-keyout", made.key, "-out", request),
        (
            "openssl",
            "x509",
            "-req",
            "-days",
            "2",
            "-in",
            request,
            "-CA",
            made.authority,
            "-CAkey",
            ca_key,
            "-CAcreateserial",
            "-extfile",
            more,
            "-out",
            made.certificate,
        ),
    ):
        subprocess.run(list(map(str, command)), check=True, capture_output=True)
    return made


@dataclass
class Behaviour:
    """What arrived, and how the server misbehaves: `refuses` are recipients, the others are once."""

    arrived: list[tuple[str, EmailMessage]] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    dies_in_data: bool = False  # before the end of the message
    dies_at_the_end: bool = False  # after it, without an answer
    says_later: bool = False
    slow: float = 0.0  # seconds before the end of a message is answered

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(self.slow)
        if self.says_later:
            return "451 later"
        content = envelope.content
        assert isinstance(content, bytes)
        found = message_from_bytes(content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        self.arrived.append((envelope.rcpt_tos[0], found))
        if self.dies_at_the_end:
            _abort(server)
        return "250 OK"


def _abort(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()


class Server(SMTP):
    """Ends the connection in the middle of a message where it is told to."""

    async def smtp_DATA(self, arg: str) -> None:
        if self.event_handler.dies_in_data:
            await self.push("354 go on")
            _abort(self)
            return
        await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return Server(self.handler, **self.SMTP_kwargs)


@contextmanager
def mail_server(certificates: Certificates, port: int = 0) -> Iterator[tuple[Behaviour, int]]:
    """A server on a free port; what it saw, and the port."""
    behaviour = Behaviour()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.certificate, certificates.key)

    def authenticated(
        server: Any, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        good = isinstance(data, LoginPassword) and data == LoginPassword(
            USER.encode(), PASSWORD.encode()
        )
        return AuthResult(success=good, handled=False)  # not handled: 535 is for the server to say

    controller = _Controller(
        behaviour,
        hostname="127.0.0.1",
        port=port or _free_port(),
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=authenticated,
    )
    controller.start()
    try:
        yield behaviour, controller.port
    finally:
        controller.stop()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
