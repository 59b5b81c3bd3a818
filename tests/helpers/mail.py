"""A real mail server on loopback, with STARTTLS and a login, that can misbehave on request."""

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
    """Our own certificate authority, with a certificate for localhost."""

    authority: Path
    certificate: Path
    key: Path


def make_certificates(folder: Path) -> Certificates:
    """Make certificates with the openssl command, as an administrator would."""
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
    """The received messages, and how the server misbehaves: `refuses` are recipients, the others
    happen once."""

    arrived: list[tuple[str, EmailMessage]] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    dies_in_data: bool = False  # before the end of the message
    dies_at_the_end: bool = False  # after it, without an answer
    says_later: bool = False
    slow: float = 0.0  # seconds before the reply to the end of a message
    most: int | None = None  # messages of one session; then it ends
    ends_at: str = "MAIL"  # MAIL, RCPT, DATA or END (of the message): the command with this reply
    ends_with: str = "421 too many messages"  # empty: without a reply
    stays: bool = False  # the connection stays open after 421
    cuts: set[str] = field(default_factory=set)  # recipients at which the connection is cut
    sessions: int = 0

    def over(self, server: SMTP, at: str) -> str | None:
        """Return the reply if this session has had its messages."""
        taken = getattr(server, "taken", 0)
        if self.most is None or taken < self.most or at != self.ends_at:
            return None
        if not self.ends_with:
            _abort(server)
        elif not self.stays:
            assert isinstance(server.transport, asyncio.Transport)
            asyncio.get_running_loop().call_later(0.01, server.transport.close)
        return self.ends_with or "421"

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, name: str, said: list[str]
    ) -> list[str]:
        session.host_name = name
        return said

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if over := self.over(server, "MAIL"):
            return over
        envelope.mail_from, envelope.mail_options = address, list(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if over := self.over(server, "RCPT"):
            return over
        if address in self.cuts:
            _abort(server)
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(self.slow)
        if self.says_later:
            return "451 later"
        if over := self.over(server, "END"):
            return over
        content = envelope.content
        assert isinstance(content, bytes)
        found = message_from_bytes(content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        self.arrived.append((envelope.rcpt_tos[0], found))
        server.taken = getattr(server, "taken", 0) + 1  # type: ignore[attr-defined]
        if self.dies_at_the_end:
            _abort(server)
        return "250 OK"


def _abort(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()


class Server(SMTP):
    """Ends the connection in the middle of a message on request."""

    def connection_made(self, transport: Any) -> None:
        self.event_handler.sessions += 1  # twice for each with STARTTLS
        super().connection_made(transport)

    async def smtp_DATA(self, arg: str) -> None:
        if over := self.event_handler.over(self, "DATA"):
            await self.push(over)
            return
        if self.event_handler.dies_in_data:
            await self.push("354 go on")
            _abort(self)
            return
        await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return Server(self.handler, **self.SMTP_kwargs)


@contextmanager
def mail_server(
    certificates: Certificates, port: int = 0, utf8: bool = False
) -> Iterator[tuple[Behaviour, int]]:
    """Start a server; yield its behaviour and port. `utf8`: it offers SMTPUTF8."""
    behaviour = Behaviour()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.certificate, certificates.key)

    def authenticated(
        server: Any, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        accounts = [LoginPassword(USER.encode(), PASSWORD.encode())]
        accounts.append(LoginPassword("j\u00fcrgen".encode(), "schl\u00fcssel".encode()))
        good = isinstance(data, LoginPassword) and data in accounts
        return AuthResult(success=good, handled=False)  # not handled: the server replies 535

    controller = _Controller(
        behaviour,
        hostname="127.0.0.1",
        port=port or _free_port(),
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=authenticated,
        enable_SMTPUTF8=utf8,
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
