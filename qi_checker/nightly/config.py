"""The keys of `nightly.yaml`. Names of files and folders are read from the folder it lies in."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictBool, StringConstraints, model_validator

from qi_checker.protocol.durations import CLOCK_UNITS, Duration
from qi_checker.protocol.fields import FeedName, KindWord, Percent, Slug, Span, Strict, Text

_CLOCKS = ("minute", "hour", "day")


def _wait(length: Duration) -> Duration:
    if length.unit not in _CLOCKS:
        raise ValueError("is not a wait: write minutes, hours or days, such as 10 minutes")
    return length


def _days(length: Duration) -> Duration:
    if length.unit != "day":
        raise ValueError("is not a number of days: write days, such as 3 days")
    return length


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", text):
        raise ValueError("is not the name of a variable: write it as QI_CHECKER_SMTP_PASSWORD")
    return text


# What a mail can be written to (digest/mail.py), and what the library reads back as it was.
_LOCAL = r"[^\s<>,;:\"()\[\]\\@.\x00-\x1f\x7f-\x9f]+"
_ADDRESS = re.compile(
    rf"(?=[^@]{{1,64}}@){_LOCAL}(\.{_LOCAL})*@[A-Za-z0-9]([A-Za-z0-9.-]{{0,188}}[A-Za-z0-9])?"
)


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise ValueError("is not a mail address: write it as name@hospital.example")
    return text


def _host(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?", text):
        raise ValueError("is not the name of a host: write it as mail.hospital.example")
    return text


Wait = Annotated[Duration, AfterValidator(_wait)]
Variable = Annotated[Text, AfterValidator(_name)]
Address = Annotated[str, StringConstraints(strict=True, max_length=254), AfterValidator(_address)]
Host = Annotated[Text, AfterValidator(_host)]
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]


def seconds(length: Duration) -> float:
    """Minutes, hours or days in seconds."""
    unit = CLOCK_UNITS.get(length.unit, timedelta(days=1))
    return length.amount * unit.total_seconds()


class Secret(Strict):
    """Where a password is found. It never stands in the file itself."""

    password_env: Variable | None = Field(
        None, description="Variable of the environment that holds the password."
    )
    password_file: Text | None = Field(
        None, description="File that holds the password, and nothing else."
    )

    @model_validator(mode="after")
    def _one(self) -> Secret:
        if self.password_env is not None and self.password_file is not None:
            raise ValueError("the password has two places: keep password_env or password_file")
        return self


class Smtp(Secret):
    """The mail server."""

    host: Host = Field(description="Name of the mail server.")
    port: Port = Field(587, description="Its port: 587 for starttls, 465 for implicit.")
    tls: Literal["starttls", "implicit", "none"] = Field(
        "starttls", description="How the connection is encrypted; the certificate is verified."
    )
    ca_file: Text | None = Field(
        None, description="Certificates that are trusted (PEM), instead of those of the system."
    )
    user: Text | None = Field(None, description="Name to log in with.")
    timeout: Wait = Field(
        Duration(1, "minute"),
        description="How long an answer may take.",
        json_schema_extra={"default": "1 minute"},
    )


class Digest(Strict):
    """Who is told in the morning, and how."""

    sender: Address = Field(alias="from", description="The address that the digest comes from.")
    recipients: dict[Text, list[Address]] = Field(
        min_length=1,
        description="Per desk or role: addresses. A desk is an owner as the protocols name it, and gets "
        "only its own actions; a role gets everything. Everybody gets a message of their own.",
    )
    smtp: Smtp | None = Field(
        None, description="The mail server; without it the digest is written as files only."
    )


class Store(Secret):
    """Where the nights are kept."""

    url: Text | None = Field(
        None,
        description="sqlite:///FILE or postgresql://USER@HOST/NAME, without the password "
        "(default: store.sqlite3 in the state folder).",
    )


class Anchor(Strict):
    """Where the end of the audit trail is written down every night, out of reach of the job."""

    name: Slug = Field("qi-checker", description="Which job it is, where several share the file.")
    file: Text = Field(description="File that `healthcheck` reads, of another owner.")
    syslog: Text | None = Field(
        None,
        description="Socket of syslog, such as /dev/log: the system writes the file. "
        "Without it the job appends to the file.",
    )


Role = Literal["coordinator", "surgeon", "radiologist", "quality_lead", "administrator"]


class Grant(Strict):
    """A role that a group of the identity provider gives."""

    role: Role = Field(description="What its members may do.")
    sites: list[Text] = Field([], description="Only for these sites; all where it is empty.")


class Oidc(Secret):
    """Sign-in with the hospital's accounts (OpenID Connect). The password is the client's secret."""

    issuer: Text = Field(description="Issuer, as its discovery document names it.")
    client_id: Text = Field(description="Name of this application at the provider.")
    roles_claim: Text = Field("groups", description="Claim of the ID token that lists groups.")
    roles: dict[Text, Grant] = Field(
        min_length=1, description="Per group: its role. Nobody without one is let in."
    )
    title: Text = Field("Hospital account", description="What the button is called.")
    ca_file: Text | None = Field(
        None, description="Certificates that are trusted (PEM), instead of those of the system."
    )


class CaseLink(Strict):
    """A link from a case into another system."""

    title: Text = Field(description="What the link is called, such as PACS.")
    url: Text = Field(description="Address with {case_id} or {patient_id}.")


class Web(Strict):
    """The web application: `qi-checker serve`."""

    url: Text = Field(description="Address that people type: https://qi.hospital.example.")
    listen: Text = Field(
        "127.0.0.1:8400", description="Where the proxy finds it: HOST:PORT or unix:FILE."
    )
    key_file: Text | None = Field(
        None,
        description="Key that sessions are signed with (default: web.key in the state folder).",
    )
    language: Literal["en", "fr"] = Field("en", description="Language where nobody chose one.")
    local_accounts: StrictBool = Field(
        True, description="Let people sign in with accounts of this application, too."
    )
    oidc: Oidc | None = Field(None, description="Sign-in with the hospital's accounts.")
    idle: Wait = Field(
        Duration(30, "minute"),
        description="How long a session lasts without a click.",
        json_schema_extra={"default": "30 minutes"},
    )
    longest: Wait = Field(
        Duration(12, "hour"),
        description="How long a session lasts at most.",
        json_schema_extra={"default": "12 hours"},
    )
    links: list[CaseLink] = Field([], description="Links from a case into other systems.")
    proxies: Annotated[int, Field(strict=True, ge=0, le=5)] = Field(
        1, description="How many proxies stand before it and add X-Forwarded-For."
    )
    workers: Annotated[int, Field(strict=True, ge=1, le=64)] = Field(2, description="Processes.")
    threads: Annotated[int, Field(strict=True, ge=1, le=64)] = Field(
        4, description="Threads of each process."
    )


class Nightly(Strict):
    """Settings of the scheduled job."""

    site: Text = Field(description="File of the site's settings, such as site.yaml.")
    data: Text = Field(description="Folder with cases and events.")
    mapping: Text | None = Field(
        None,
        description="How an export becomes records (default: mapping.yaml in the data folder).",
    )
    state: Text = Field(
        description="Folder of the job's own: lock, status, log, outbox, and the store."
    )
    protocols: Text | None = Field(
        None, description="Protocol, or folder of protocols (default: the shipped liver protocol)."
    )
    reports: Text | None = Field(
        None, description="Folder of reports (default: reports in the state folder)."
    )
    store: Store = Field(default_factory=Store, description="Database of the nights.")
    pages: Annotated[int, Field(strict=True, ge=0)] = Field(
        5000, description="Most case pages per protocol."
    )
    monthly: StrictBool = Field(
        False, description="Write the report of the month before, in the first night of a month."
    )
    exceptions: StrictBool = Field(
        True,
        description="Let the exceptions that are kept in the store count, beside those of the data.",
    )
    freshness: dict[KindWord, Annotated[Duration, AfterValidator(_days)]] = Field(
        {}, description="Per kind of event: how old the newest recorded_at may be; beside `feeds`."
    )
    completeness: dict[FeedName, Percent] = Field(
        {}, description="Per kind.MODALITY: the least share of the usual count; as in site.yaml."
    )
    digest: Digest | None = Field(None, description="Who is told, and how.")
    anchor: Anchor | None = Field(
        None, description="Where the end of the audit trail is written down."
    )
    web: Web | None = Field(None, description="The web application.")
    lock_wait: Wait = Field(
        Duration(0, "minute"),
        description="How long a second start waits for the first.",
        json_schema_extra={"default": "0 minutes"},
    )
    max_age: Wait = Field(
        Duration(26, "hour"),
        description="healthcheck: how old the last good run may be.",
        json_schema_extra={"default": "26 hours"},
    )
    retention: Span | None = Field(
        None, description="How long nights are kept: `nightly purge` removes older ones."
    )
    log: Text | None = Field(
        None, description="Log file (default: nightly.log in the state folder)."
    )
    status_file: Text | None = Field(
        None, description="Status for monitoring (default: status.json in the state folder)."
    )
    prometheus: Text | None = Field(
        None,
        description="Text file for the node exporter, such as qi_checker.prom in its textfile folder.",
    )
