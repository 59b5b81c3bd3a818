"""Sending queued messages, byte by byte at the end of each message (see `outbox`)."""

from __future__ import annotations

import re
import select
import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from qi_checker.errors import Problem
from qi_checker.nightly.outbox import Outbox, State

_SOON = 0.05  # seconds to notice that a server has gone
_ACCEPTED, _GO_ON = (250, 251), 354
_CHALLENGE, _LOGGED_IN, _OVER = 334, 235, 421


@dataclass(frozen=True)
class Server:
    """Connection settings of the mail server; `timeout` in seconds for each answer."""

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
    """The result of one delivery of the queue, and the first problem with the server."""

    sent: int = 0
    refused: int = 0
    doubtful: int = 0
    waiting: int = 0
    problem: Problem | None = None


class _Trouble(Exception):
    """A problem of the server; the text is for people and contains no reply of the server."""

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(what)
        self.what, self.advice = what, advice


class _SessionOver(_Trouble):
    """The server ended the session before a message was handed over: 421, or without a reply."""


def deliver(box: Outbox, server: Server) -> Delivery:
    """Send the queue. Messages that the server defers stay queued and are reported.

    Some servers take a few messages and then end the session (421, RFC 5321, 3.8): a new session
    continues. A message that ends a session before anything was sent in it is left for the next
    night, so that it does not block the others; a second such session in a row is the end.
    """
    before = box.counts()
    left = box.names("queued")
    trouble: _Trouble | None = None
    empty = 0  # sessions in a row without any message handled
    while left and empty < 2:
        many = len(left)
        try:
            with connected(server) as smtp:
                while left:
                    trouble = _one(smtp, box, left[0]) or trouble
                    left.pop(0)
        except _SessionOver as error:
            if len(left) == many:
                empty, trouble = empty + 1, error
                left.pop(0)
            else:
                empty = 0
        except _Trouble as error:
            trouble = error
            break
    after = box.counts()
    return Delivery(
        after["sent"] - before["sent"],
        after["refused"] - before["refused"],
        after["doubtful"] - before["doubtful"],
        after["queued"],
        _problem(server, trouble) if trouble is not None else None,
    )


def _problem(server: Server, error: _Trouble) -> Problem:
    why = "Queued messages are sent next time, and never twice"
    return Problem(f"mail server {server}", error.what, why, error.advice)


def tried(server: Server, addresses: Sequence[str]) -> list[Problem]:
    """Return the problems of the server or of addresses, from a login that sends nothing."""
    try:
        with connected(server) as smtp:
            smtp.noop()
            plain_only = not smtp.has_extn("smtputf8")
    except _Trouble as error:
        return [Problem(f"mail server {server}", error.what, "", error.advice)]
    return [
        Problem(
            "digest",
            f"{address} cannot be reached through {server}",
            "The address has non-ASCII letters, and the server does not offer SMTPUTF8",
            "Give an ASCII address, or ask the administrator of the server",
        )
        for address in dict.fromkeys(addresses)
        if plain_only and not address.isascii()
    ]


@contextmanager
def connected(server: Server) -> Iterator[smtplib.SMTP]:
    """Open a session that can send mail. Raise _Trouble with a message for people."""
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
    if not re.fullmatch(r"[A-Za-z0-9.-]+", me):
        me = "localhost"
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
        smtp.ehlo_or_helo_if_needed()
    except BaseException:
        smtp.close()
        raise
    return smtp


def _log_in(smtp: smtplib.SMTP, user: str, password: str) -> None:
    """Log in once, by PLAIN or LOGIN: repeating a wrong password would lock the account."""
    smtp.ehlo_or_helo_if_needed()
    offered = smtp.esmtp_features.get("auth", "").upper().split()
    name, secret = user.encode(), password.encode()  # RFC 4616: UTF-8
    if "PLAIN" in offered:
        code, reply = smtp.docmd(
            "AUTH", f"PLAIN {_base64(bytes([0]) + name + bytes([0]) + secret)}"
        )
    elif "LOGIN" in offered:
        code, reply = smtp.docmd("AUTH", "LOGIN")
        for part in (name, secret):
            if code == _CHALLENGE:
                code, reply = smtp.docmd(_base64(part))
    else:
        raise smtplib.SMTPNotSupportedError("no log-in")
    if code != _LOGGED_IN:
        raise smtplib.SMTPAuthenticationError(code, reply)


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def _words(error: Exception, server: Server) -> _Trouble:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _Trouble(
            f"its certificate is not trusted: {error.verify_message}",
            "Set its certificate authority in ca_file, or correct host",
        )
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return _Trouble(f"the login was refused ({error.smtp_code})", "Check user and password")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return _Trouble(
            "it does not offer what the settings require (STARTTLS, or a login)",
            "Check tls, port and user",
        )
    if isinstance(error, smtplib.SMTPResponseException):
        return _Trouble(f"it refused the session ({error.smtp_code})", "Ask its administrator")
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return _Trouble(f"it did not answer within {server.timeout:g} seconds")
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return _Trouble("it ended the connection")
    if isinstance(error, ssl.SSLError):
        return _Trouble("no encrypted connection is possible", "Check tls and port")
    why = (getattr(error, "strerror", None) or type(error).__name__).lower()
    return _Trouble(f"it cannot be reached: {why}", "Check host and port")


def _one(smtp: smtplib.SMTP, box: Outbox, name: str) -> _Trouble | None:
    """Send one message; it becomes sent or refused, or stays queued after a 'later' reply (4xx).

    Returns the problem with the sender, if any: all messages have the same sender. Raises
    _SessionOver if nothing of the message was sent and the next session can try it again.
    """
    try:
        sender, recipient, content = box.read(name)
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        return _Trouble(f"a message in the outbox cannot be read: {why}", "See outbox/queued")
    international = not (sender + recipient).isascii()
    if not sender or not recipient or (international and not smtp.has_extn("smtputf8")):
        box.move(name, "queued", "refused")
        return None
    try:
        code, refused = _announced(smtp, sender, recipient, international)
    except smtplib.SMTPServerDisconnected as error:
        raise _over(error) from error
    except ValueError:  # text that no command can contain is not an address for any server
        box.move(name, "queued", "refused")
        _reset(smtp)
        return None
    if code == _OVER:
        raise _SessionOver("it ended the session (421)")
    if code != _GO_ON:
        if refused == "recipient" and code >= 500:
            box.move(name, "queued", "refused")
        _reset(smtp)
        if refused == "sender" and code >= 500:
            return _Trouble(f"it refused the sender ({code})", "Check from")
        return None
    _hand_over(smtp, box, name, content)
    return None


def _announced(
    smtp: smtplib.SMTP, sender: str, recipient: str, international: bool
) -> tuple[int, str]:
    """Return the last reply before the message itself, and whom the server refused with it."""
    smtp.command_encoding = "ascii"
    options = ["SMTPUTF8"] if international else []
    if international and smtp.has_extn("8bitmime"):
        options.append("BODY=8BITMIME")
    code, _ = smtp.mail(sender, options)
    if code not in _ACCEPTED:
        return code, "sender"
    code, _ = smtp.rcpt(recipient)
    if code not in _ACCEPTED:
        return code, "recipient"
    return smtp.docmd("DATA")[0], "recipient"


def _reset(smtp: smtplib.SMTP) -> None:
    """Reset the session for the next message, which will notice a server that has gone."""
    with suppress(smtplib.SMTPServerDisconnected, ConnectionError):
        smtp.rset()


def _over(error: Exception) -> Exception:
    """Return _SessionOver for a lost server; a silent server is not tried a second time."""
    silent = isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)
    return error if silent else _SessionOver("it ended the connection")


def _hand_over(smtp: smtplib.SMTP, box: Outbox, name: str, content: bytes) -> None:
    try:
        smtp.send(_stuffed(content))
    except (smtplib.SMTPServerDisconnected, ConnectionError) as error:
        raise _over(error) from error
    if smtp.sock is None or select.select([smtp.sock], [], [], _SOON)[0]:
        raise _SessionOver("it ended the connection")
    box.move(name, "queued", "sending")  # recorded first: from here on it may be sent
    try:
        smtp.send(b".\r\n")
        code, _ = smtp.getreply()
    except (OSError, smtplib.SMTPException):
        box.move(name, "sending", "doubtful")
        raise
    box.move(name, "sending", "sent" if code in _ACCEPTED else _other(code))
    if code == _OVER:
        raise _SessionOver("it ended the session (421)")


def _other(code: int) -> State:
    return "refused" if code >= 500 else "queued"


def _stuffed(content: bytes) -> bytes:
    """Double the dot at the start of a line (RFC 5321, 4.5.2)."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", content)
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", lines)
