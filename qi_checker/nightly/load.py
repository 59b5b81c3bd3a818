"""Reading `nightly.yaml` and the files that it names; all errors are reported together."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from qi_checker.errors import Problem, UserError
from qi_checker.nightly.config import Nightly, Secret
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.explain import build
from qi_checker.protocol.load import load_protocol, load_rulebook, load_site
from qi_checker.protocol.load_mapping import load_mapping
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.schema import DIALECT, schema_of
from qi_checker.protocol.site import Site
from qi_checker.protocol.yaml_read import read_document

SHIPPED = "hepatic-metastasectomy-imaging"


@dataclass(frozen=True)
class Settings:
    """The settings with the files that they name; relative paths are resolved against `folder`."""

    config: Nightly
    file: Path
    site: Site
    bundles: tuple[Bundle, ...]

    def path(self, text: str) -> Path:
        """Resolve a path of the settings."""
        return Path(os.path.normpath(self.file.parent / text))

    def _inside(self, text: str | None, name: str) -> Path:
        return self.path(text) if text is not None else self.state / name

    @property
    def data(self) -> Path:
        return self.path(self.config.data)

    @property
    def mapping(self) -> Path | None:
        """Return the mapping file, if the settings name one."""
        named = self.config.mapping
        return self.path(named) if named is not None else None

    @property
    def state(self) -> Path:
        return self.path(self.config.state)

    @property
    def reports(self) -> Path:
        return self._inside(self.config.reports, "reports")

    @property
    def log(self) -> Path:
        return self._inside(self.config.log, "nightly.log")

    @property
    def status(self) -> Path:
        return self._inside(self.config.status_file, "status.json")

    @property
    def lock(self) -> Path:
        return self.state / "nightly.lock"

    @property
    def outbox(self) -> Path:
        return self.state / "outbox"

    @property
    def rulebook(self) -> bool:
        """Whether the settings name a folder of several protocols."""
        return self.config.protocols is not None and is_rulebook(self.path(self.config.protocols))


def is_rulebook(path: Path) -> bool:
    """Whether a path is a folder of protocols and not a single protocol."""
    return not (path / "protocol.yaml").is_file() and any(path.glob("*/protocol.yaml"))


def load_settings(file: Path) -> Settings:
    """Read the settings, the site and the protocols. Raise UserError with all their problems."""
    complaints = Complaints(read_document(file))
    config = build(Nightly, complaints, complaints.mapping())
    if config is not None:
        _check(config, complaints)
    if config is None:
        raise UserError(complaints.problems())
    problems: list[Problem] = []
    bare = Settings(config, file.absolute(), Site(timezone="UTC"), ())
    site: Site | None = None
    bundles: list[Bundle] = []
    try:
        site = load_site(bare.path(config.site))
    except UserError as error:
        problems += error.problems
    if bare.mapping is not None:
        try:
            load_mapping(bare.mapping)
        except UserError as error:
            problems += error.problems
    try:
        bundles = _protocols(bare)
    except UserError as error:
        problems += error.problems
    _check_desks(config, bundles, complaints)
    problems = [*complaints.problems(), *problems]
    if problems or site is None:
        raise UserError(problems)
    return Settings(config, bare.file, _with_feeds(site, config), tuple(bundles))


def _protocols(bare: Settings) -> list[Bundle]:
    named = bare.config.protocols
    path = bare.path(named) if named is not None else rules_dir() / SHIPPED
    return load_rulebook(path) if bare.rulebook else [load_protocol(path)]


def _with_feeds(site: Site, config: Nightly) -> Site:
    """Add the job's own limits to those of the site; the job's limits take precedence."""
    return site.model_copy(
        update={
            "feeds": {**site.feeds, **config.freshness},
            "completeness": {**site.completeness, **config.completeness},
        }
    )


def _check(config: Nightly, complaints: Complaints) -> None:
    """Check combinations of keys."""
    if config.store.url is not None:
        _check_store(config.store.url, complaints)
    _check_smtp(config, complaints)
    _check_web(config, complaints)


def _check_store(url: str, complaints: Complaints) -> None:
    """Check the address of the store; an SQLite path is not parsed, as folder names may have any
    character."""
    scheme, _, rest = url.partition("://")
    server, readable = None, scheme == "sqlite" and len(rest) > 1 and rest.startswith("/")
    if scheme == "postgresql":
        try:
            server = urlsplit(url)
            readable = bool(server.path[1:]) and (server.port or 1) > 0
        except ValueError:
            readable = False
    if server is not None and server.password is not None:
        complaints.add(
            ("store", "url"),
            "the address of the store contains a password",
            "Everybody who can read the file would see it",
            "Remove it and use password_env or password_file",
        )
    if not readable:
        complaints.add(
            ("store", "url"),
            "this is not the address of a store",
            "",
            "Write sqlite:///FILE or postgresql://USER@HOST/NAME",
        )


def _check_smtp(config: Nightly, complaints: Complaints) -> None:
    smtp = config.digest.smtp if config.digest is not None else None
    if smtp is None:
        return
    here, secret = ("digest", "smtp"), smtp.password_env or smtp.password_file
    if (smtp.user is None) != (secret is None):
        missing = "user" if smtp.user is None else "password_env or password_file"
        complaints.add(here, f"{missing} is missing for the login", "", f"Add {missing}")
    if smtp.tls == "none" and smtp.user is not None and not _loopback(smtp.host):
        complaints.add(
            (*here, "tls"),
            "the password would be sent without encryption",
            "",
            "Write starttls or implicit",
        )


def _check_desks(config: Nightly, bundles: Sequence[Bundle], complaints: Complaints) -> None:
    """Refuse a recipient named almost like a desk: it would be a role and get every action."""
    versions = [version for bundle in bundles for version in bundle.protocol.versions]
    owners = {name for version in versions for leaf in version.leaves for name in leaf.owners}
    desks = {" ".join(name.casefold().split()): name for name in owners}
    for key in config.digest.recipients if config.digest is not None else ():
        near = get_close_matches(" ".join(key.casefold().split()), desks, n=1, cutoff=0.8)
        if key not in owners and near:
            complaints.add(
                ("digest", "recipients", key),
                "is not a desk of a protocol, and would get every action",
                "",
                f"Did you mean {desks[near[0]]}?",
            )


def _check_web(config: Nightly, complaints: Complaints) -> None:
    web = config.web
    if web is None:
        return
    url = urlsplit(web.url)
    local = url.scheme == "http" and _loopback(url.hostname or "")
    if not url.hostname or not (url.scheme == "https" or local) or url.path.strip("/"):
        complaints.add(
            ("web", "url"),
            "people cannot sign in at this address",
            "Unencrypted addresses are accepted only for this machine",
            "Write https://HOST, without a path",
        )
    if not web.local_accounts and web.oidc is None:
        complaints.add(("web",), "nobody can sign in", "", "Set oidc, or local_accounts")
    if web.oidc is not None:
        issuer = urlsplit(web.oidc.issuer)
        if issuer.scheme != "https" and not _loopback(issuer.hostname or ""):
            complaints.add(("web", "oidc", "issuer"), "is not an https address")
        if web.oidc.password_env is None and web.oidc.password_file is None:
            what = "the client secret is missing"
            complaints.add(("web", "oidc"), what, "", "Add password_env or password_file")
    for number, link in enumerate(web.links):
        if urlsplit(link.url).scheme not in ("http", "https"):
            complaints.add(("web", "links", number, "url"), "is not a web address")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def password(secret: Secret, settings: Settings, where: str) -> str | None:
    """Return the password of a part of the settings, or None."""
    if secret.password_env is not None:
        value = os.environ.get(secret.password_env)
        if not value:
            raise UserError(
                Problem(
                    where,
                    f"the environment variable {secret.password_env} is not set",
                    "",
                    "Set it for the user that runs the job",
                )
            )
        return value
    if secret.password_file is None:
        return None
    path = settings.path(secret.password_file)
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not text"
        raise UserError(
            Problem(
                where,
                f"{path} cannot be read: {why.lower()}",
                "",
                "Let only the user that runs the job read it",
            )
        ) from None


def settings_schema() -> dict[str, Any]:
    """Return the JSON Schema of `nightly.yaml`, for editors."""
    return {"$schema": DIALECT, "title": "Nightly job of qi-checker"} | schema_of(Nightly)
