"""Handing queued messages to the mail server, byte by byte where it matters (see `outbox`)."""

from __future__ import annotations

import re
import select
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from qi_checker.errors import Problem
from qi_checker.nightly.outbox import Outbox, State

_SOON = 0.05  # seconds in which a server that went away is noticed
_ACCEPTED, _GO_ON = (250, 251), 354


@dataclass(frozen=True)
class Server:
    """How the mail server is reached; `timeout` in seconds for each answer."""

    host: str
    port: int
    tls: str  # starttls, implicit or none
    user: str | None = None
    password: str | None = None
    ca_file: Path | None = None
    timeout: float = 60.0

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Delivery:
    """What became of the queue in one go, and why it was not emptied."""

    sent: int = 0
    refused: int = 0
    doubtful: int = 0
    waiting: int = 0
    problem: Problem | None = None


class _Trouble(Exception):
    """Said of the server; the text is for a person and holds no reply of the server."""

    def __init__(self, what: str, mend: str = "") -> None:
        super().__init__(what)
        self.what, self.mend = what, mend


def deliver(box: Outbox, server: Server) -> Delivery:
    """Send what is queued. A server that fails leaves the rest queued, and says why."""
    before = box.counts()
    problem = None
    if before["queued"]:
        try:
            with connected(server) as smtp:
                for name in box.names("queued"):
                    _one(smtp, box, name)
        except _Trouble as error:
            problem = _problem(server, error)
    after = box.counts()
    return Delivery(
        after["sent"] - before["sent"],
        after["refused"] - before["refused"],
        after["doubtful"] - before["doubtful"],
        after["queued"],
        problem,
    )


def _problem(server: Server, error: _Trouble) -> Problem:
    why = "What is queued is sent next time, and never twice"
    return Problem(f"mail server {server}", error.what, why, error.mend)


def tried(server: Server) -> Problem | None:
    """What is wrong with the server, from a log-in that sends nothing."""
    try:
        with connected(server) as smtp:
            smtp.noop()
    except _Trouble as error:
        return Problem(f"mail server {server}", error.what, "", error.mend)
    return None


@contextmanager
def connected(server: Server) -> Iterator[smtplib.SMTP]:
    """A session in which mail can be sent. Raises _Trouble in words."""
    try:
        smtp = _session(server)
        try:
            yield smtp
        finally:
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            smtp.close()
    except (OSError, smtplib.SMTPException) as error:
        raise _words(error, server) from None


def _session(server: Server) -> smtplib.SMTP:
    context = ssl.create_default_context(cafile=server.ca_file)
    me = socket.gethostname()
    if server.tls == "implicit":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, me, timeout=server.timeout, context=context
        )
    else:
        smtp = smtplib.SMTP(server.host, server.port, me, timeout=server.timeout)
    try:
        if server.tls == "starttls":
            smtp.starttls(context=context)
        if server.user is not None:
            _log_in(smtp, server.user, server.password or "")
    except BaseException:
        smtp.close()
        raise
    return smtp


def _log_in(smtp: smtplib.SMTP, user: str, password: str) -> None:
    """Once, by PLAIN or LOGIN: several attempts with a wrong password would lock the account."""
    smtp.ehlo_or_helo_if_needed()
    offered = smtp.esmtp_features.get("auth", "").upper().split()
    smtp.user, smtp.password = user, password
    if "PLAIN" in offered:
        smtp.auth("PLAIN", smtp.auth_plain)
    elif "LOGIN" in offered:
        smtp.auth("LOGIN", smtp.auth_login)
    else:
        raise smtplib.SMTPNotSupportedError("no log-in")


def _words(error: Exception, server: Server) -> _Trouble:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _Trouble(
            f"its certificate is not trusted: {error.verify_message}",
            "Name its authority in ca_file, or correct host",
        )
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return _Trouble(f"the log-in was refused ({error.smtp_code})", "Check user and password")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return _Trouble(
            "it does not offer what is asked for (STARTTLS, or a log-in)",
            "Check tls, port and user",
        )
    if isinstance(error, smtplib.SMTPResponseException):
        return _Trouble(f"it refused the session ({error.smtp_code})", "Ask who runs it")
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return _Trouble(f"it did not answer within {server.timeout:g} seconds")
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return _Trouble("it ended the connection")
    if isinstance(error, ssl.SSLError):
        return _Trouble("no encrypted connection came about", "Check tls and port")
    why = (getattr(error, "strerror", None) or type(error).__name__).lower()
    return _Trouble(f"it cannot be reached: {why}", "Check host and port")


def _one(smtp: smtplib.SMTP, box: Outbox, name: str) -> None:
    """One message: sent, refused, or still queued where the server says 'later' (4xx)."""
    sender, recipient, content = box.read(name)
    code, _ = smtp.mail(sender)
    if code not in _ACCEPTED:
        raise _Trouble(f"it refused the sender ({code})", "Check from")
    code, _ = smtp.rcpt(recipient)
    if code in _ACCEPTED:
        code, _ = smtp.docmd("DATA")
    if code != _GO_ON:
        if code >= 500:
            box.move(name, "queued", "refused")
        smtp.rset()
        return
    smtp.send(_stuffed(content))
    if smtp.sock is None or select.select([smtp.sock], [], [], _SOON)[0]:
        raise smtplib.SMTPServerDisconnected("before the end of the message")
    box.move(name, "queued", "sending")  # written down first: from here on it may be sent
    try:
        smtp.send(b".\r\n")
        code, _ = smtp.getreply()
    except (OSError, smtplib.SMTPException):
        box.move(name, "sending", "doubtful")
        raise
    box.move(name, "sending", "sent" if code in _ACCEPTED else _other(code))


def _other(code: int) -> State:
    return "refused" if code >= 500 else "queued"


def _stuffed(content: bytes) -> bytes:
    """The content with a second dot where a line begins with one (RFC 5321, 4.5.2)."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", content)
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", lines)
