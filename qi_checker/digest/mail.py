"""The digest as a mail: text first, then HTML with inline styles.

Without pictures, links or anything to fetch, mail programs show it unchanged (facts: inline SVG
does not show in Gmail or Outlook). The bytes depend on the arguments only.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

import css_inline

from qi_checker.digest.contents import Digest
from qi_checker.digest.screen import screen, subject
from qi_checker.digest.text import digest_text
from qi_checker.errors import Problem, UserError
from qi_checker.render.html import environment

_BOUNDARY = re.compile(r"[A-Za-z0-9_=.-]{1,60}")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._-]{1,100}@[A-Za-z0-9.-]{1,100}>")
_ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]\\@\x00-\x1f\x7f-\x9f]{1,64}@[A-Za-z0-9.-]{1,190}")


@dataclass(frozen=True)
class Envelope:
    """Headers and foot of a mail. An empty `message_id` or `boundary` is derived from the content.

    Without sender, recipients or moment the mail is a draft that a mail program completes.
    """

    sender: str = ""
    recipients: Sequence[str] = ()
    message_id: str = ""
    boundary: str = ""
    sent_at: dt.datetime | None = None  # with its offset
    foot: str = ""  # the last line


def digest_html(digest: Digest, foot: str = "") -> str:
    """A page of tables, with the rules of its style sheet moved into the elements.

    Those for paper stay: a mail program that drops them prints what it shows.
    """
    template = environment().get_template("digest/digest.html.j2")
    page = template.render(screen=screen(digest), foot=foot)
    inliner = css_inline.CSSInliner(
        load_remote_stylesheets=False, keep_style_tags=False, keep_at_rules=True
    )
    return str(inliner.inline(page))


def digest_mail(digest: Digest, envelope: Envelope | None = None) -> bytes:
    """Return the mail as bytes, to send or as .eml. Raise UserError for an invalid header."""
    given = envelope or Envelope()
    _check(given)
    text, page = digest_text(digest), digest_html(digest, given.foot)
    text += f"\n{given.foot}\n" if given.foot else ""
    mark = hashlib.sha256(f"{subject(digest)}\0{text}\0{page}".encode()).hexdigest()[:32]
    # An address beyond ASCII has no other encoding (RFC 6532); a subject has.
    plain = "".join((given.sender, *given.recipients)).isascii()
    message = EmailMessage(policy=SMTP if plain else SMTPUTF8)
    message["Subject"] = subject(digest)
    if given.sender:
        message["From"] = given.sender
    if given.recipients:
        message["To"] = ", ".join(given.recipients)
    if given.sent_at is not None:
        message["Date"] = format_datetime(given.sent_at)
    message["Message-ID"] = given.message_id or f"<{mark}@qi-checker.invalid>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no reply from an absence notice
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(page, subtype="html", cte="quoted-printable")
    message.set_boundary(given.boundary or f"=_{mark}")
    try:
        return message.as_bytes()
    except HeaderParseError:
        raise UserError(Problem("mail", "a header cannot be written")) from None


def _check(given: Envelope) -> None:
    """Raise UserError for values that could end a header and begin another."""
    wrong = [
        Problem(what, "is not possible in a mail", "", advice)
        for what, value, shape, advice in (
            ("sender", given.sender, _ADDRESS, "Write it as name@example.org"),
            *(("recipient", r, _ADDRESS, "Write it as name@example.org") for r in given.recipients),
            ("message id", given.message_id, _MESSAGE_ID, "Write it as <word@host>"),
            ("boundary", given.boundary, _BOUNDARY, "Letters, digits and _ = . - only"),
        )
        if (value or what == "recipient") and not shape.fullmatch(value)
    ]
    if wrong:
        raise UserError(wrong)
