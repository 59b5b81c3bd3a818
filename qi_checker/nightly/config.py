"""The keys of `nightly.yaml`. Relative paths are resolved against its folder."""

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
        raise ValueError("is not a duration: write minutes, hours or days, such as 10 minutes")
    return length


def _days(length: Duration) -> Duration:
    if length.unit != "day":
        raise ValueError("is not a number of days: write days, such as 3 days")
    return length


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", text):
        raise ValueError("is not the name of a variable: write it as QI_CHECKER_SMTP_PASSWORD")
    return text


# Addresses that mail can use (digest/mail.py) and that the mail library parses back unchanged.
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
    """Convert minutes, hours or days to seconds."""
    unit = CLOCK_UNITS.get(length.unit, timedelta(days=1))
    return length.amount * unit.total_seconds()


class Secret(Strict):
    """Where the password is. It is never in the config file itself."""

    password_env: Variable | None = Field(
        None, description="Environment variable with the password."
    )
    password_file: Text | None = Field(None, description="File that contains only the password.")

    @model_validator(mode="after")
    def _one(self) -> Secret:
        if self.password_env is not None and self.password_file is not None:
            raise ValueError("the password is set twice: keep password_env or password_file")
        return self


class Smtp(Secret):
    """The mail server."""

    host: Host = Field(description="Name of the mail server.")
    port: Port = Field(587, description="Its port: 587 for starttls, 465 for implicit.")
    tls: Literal["starttls", "implicit", "none"] = Field(
        "starttls", description="Encryption of the connection; the certificate is verified."
    )
    ca_file: Text | None = Field(
        None, description="Trusted certificates (PEM), instead of those of the system."
    )
    user: Text | None = Field(None, description="Name to log in with.")
    timeout: Wait = Field(
        Duration(1, "minute"),
        description="Timeout for each answer.",
        json_schema_extra={"default": "1 minute"},
    )


class Digest(Strict):
    """Who gets the digest, and how."""

    sender: Address = Field(alias="from", description="The address that the digest comes from.")
    recipients: dict[Text, list[Address]] = Field(
        min_length=1,
        description="Addresses per desk or role. A desk is an owner that a protocol names; it gets "
        "only its own actions; a role gets everything. Every recipient gets a separate message.",
    )
    smtp: Smtp | None = Field(
        None, description="The mail server; without it the digest is written as files only."
    )


class Store(Secret):
    """The database that keeps the nights."""

    url: Text | None = Field(
        None,
        description="sqlite:///FILE or postgresql://USER@HOST/NAME, without the password "
        "(default: store.sqlite3 in the state folder).",
    )


class Anchor(Strict):
    """Where each night records the end of the audit trail, out of reach of the job."""

    name: Slug = Field("qi-checker", description="Name of the job, if several share the file.")
    file: Text = Field(description="File that `healthcheck` reads; it has another owner.")
    syslog: Text | None = Field(
        None,
        description="Socket of syslog, such as /dev/log: the system writes the file. "
        "Without it the job appends to the file.",
    )


Role = Literal["coordinator", "surgeon", "radiologist", "quality_lead", "administrator"]


class Grant(Strict):
    """The role of a group of the identity provider."""

    role: Role = Field(description="Role of its members.")
    sites: list[Text] = Field([], description="Only for these sites; empty: all sites.")


class Oidc(Secret):
    """Sign-in with the hospital's accounts (OpenID Connect). The password is the client secret."""

    issuer: Text = Field(description="Issuer, as in its discovery document.")
    client_id: Text = Field(description="Name of this application at the provider.")
    roles_claim: Text = Field("groups", description="Claim of the ID token that lists groups.")
    roles: dict[Text, Grant] = Field(
        min_length=1, description="Role of each group; people without a role cannot sign in."
    )
    title: Text = Field("Hospital account", description="Label of the button.")
    ca_file: Text | None = Field(
        None, description="Trusted certificates (PEM), instead of those of the system."
    )


class CaseLink(Strict):
    """A link from a case into another system."""

    title: Text = Field(description="Label of the link, such as PACS.")
    url: Text = Field(description="Address with {case_id} or {patient_id}.")


class Web(Strict):
    """The web application: `qi-checker serve`."""

    url: Text = Field(description="Address that people type: https://qi.hospital.example.")
    listen: Text = Field(
        "127.0.0.1:8400", description="Address for the proxy: HOST:PORT or unix:FILE."
    )
    key_file: Text | None = Field(
        None,
        description="Key file for signing sessions (default: web.key in the state folder).",
    )
    language: Literal["en", "fr"] = Field("en", description="Default language.")
    local_accounts: StrictBool = Field(
        True, description="Also allow sign-in with accounts of this application."
    )
    oidc: Oidc | None = Field(None, description="Sign-in with the hospital's accounts.")
    idle: Wait = Field(
        Duration(30, "minute"),
        description="Idle time after which a session ends.",
        json_schema_extra={"default": "30 minutes"},
    )
    longest: Wait = Field(
        Duration(12, "hour"),
        description="Maximum length of a session.",
        json_schema_extra={"default": "12 hours"},
    )
    links: list[CaseLink] = Field([], description="Links from a case into other systems.")
    proxies: Annotated[int, Field(strict=True, ge=0, le=5)] = Field(
        1, description="Number of proxies in front that add X-Forwarded-For."
    )
    workers: Annotated[int, Field(strict=True, ge=1, le=64)] = Field(2, description="Processes.")
    threads: Annotated[int, Field(strict=True, ge=1, le=64)] = Field(
        4, description="Number of threads per process."
    )


class Nightly(Strict):
    """Settings of the scheduled job."""

    site: Text = Field(description="Site settings, such as site.yaml.")
    data: Text = Field(description="Folder with cases and events.")
    mapping: Text | None = Field(
        None,
        description="Mapping from an export to records (default: mapping.yaml in the data folder).",
    )
    state: Text = Field(
        description="Folder only for this job: lock, status, log, outbox and store."
    )
    protocols: Text | None = Field(
        None, description="Protocol, or folder of protocols (default: the shipped liver protocol)."
    )
    reports: Text | None = Field(
        None, description="Folder of reports (default: reports in the state folder)."
    )
    store: Store = Field(default_factory=Store, description="Database of the nights.")
    pages: Annotated[int, Field(strict=True, ge=0)] = Field(
        5000, description="Maximum number of case pages per protocol."
    )
    monthly: StrictBool = Field(
        False, description="Write the previous month's report in the first night of a month."
    )
    exceptions: StrictBool = Field(
        True,
        description="Also count the exceptions of the store, in addition to those of the data.",
    )
    freshness: dict[KindWord, Annotated[Duration, AfterValidator(_days)]] = Field(
        {},
        description="Maximum age of the newest recorded_at per kind of event; adds to `feeds`.",
    )
    completeness: dict[FeedName, Percent] = Field(
        {}, description="Minimum share of the usual count per kind.MODALITY; as in site.yaml."
    )
    digest: Digest | None = Field(None, description="Who gets the digest, and how.")
    anchor: Anchor | None = Field(None, description="Where the end of the audit trail is recorded.")
    web: Web | None = Field(None, description="The web application.")
    lock_wait: Wait = Field(
        Duration(0, "minute"),
        description="How long a second run waits for the first.",
        json_schema_extra={"default": "0 minutes"},
    )
    max_age: Wait = Field(
        Duration(26, "hour"),
        description="healthcheck: maximum age of the last good run.",
        json_schema_extra={"default": "26 hours"},
    )
    retention: Span | None = Field(
        None, description="How long nights are kept; `nightly purge` removes older nights."
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
