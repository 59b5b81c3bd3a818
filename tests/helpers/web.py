"""The web application as a separate process, and somebody who talks to it over HTTP.

Tests use it from outside only: a test inside Django would share a process with the store's
tests, which have other settings.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import yaml

from qi_checker.demo.ward import NORTH, write_ward
from tests.helpers import site_parent
from tests.helpers.commands import run

NOW = "2026-03-03T08:10:00-05:00"
GENERAL = "Synthetic General"
PROTOCOL = "hepatic-metastasectomy-imaging"
ROLES = ("coordinator", "surgeon", "radiologist", "quality_lead", "administrator")
_ADD = """
import json, sys
from qi_checker.web.server import configure, prepare
from pathlib import Path
configure(Path(sys.argv[1]))
prepare()
from qi_checker.store.exceptions import Person
from qi_checker.web import accounts
by = Person("test", "administrator")
for login, roles in json.loads(sys.argv[2]).items():
    user = accounts.create(login, login.title(), login, by)
    for role, site in roles:
        accounts.grant(user, role, site, by)
"""

Accounts = Mapping[str, Iterable[tuple[str, str]]]
Child = site_parent.Child | subprocess.Popen[bytes]

# One account of each role for all sites, one of each role for each site, one with two roles, one
# with none.
PEOPLE: Accounts = {
    **{role: [(role, "")] for role in ROLES},
    **{f"{role}.north": [(role, NORTH)] for role in ROLES},
    **{f"{role}.general": [(role, GENERAL)] for role in ROLES},
    "both": [("coordinator", NORTH), ("quality_lead", "")],
    "nobody": [],
}


def make_ward(folder: Path, **web: Any) -> Path:
    """Make the synthetic hospital with two nights and accounts; return its nightly.yaml."""
    for as_of in write_ward(folder, 1):
        set_web(folder, pages=0, monthly=False)
        make_records(folder / "nightly.yaml", as_of)
    add_accounts(folder / "nightly.yaml", PEOPLE)
    return folder / "nightly.yaml"


def make_records(config: Path, as_of: str) -> None:
    """Run a night."""
    done = run("nightly", "--config", config, "--as-of", as_of)
    assert done.code == 0, done.err


def set_web(folder: Path, web: Mapping[str, Any] | None = None, **keys: Any) -> None:
    """Change keys of nightly.yaml, and keys of `web` in it."""
    file = folder / "nightly.yaml"
    settings = yaml.safe_load(file.read_text(encoding="utf-8")) | keys
    settings["web"] = settings["web"] | dict(web or {})
    file.write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML, too


def add_accounts(config: Path, accounts: Accounts) -> None:
    """Make accounts whose password is their login."""
    given = json.dumps({login: list(roles) for login, roles in accounts.items()})
    of_site(config, _ADD, given)


def of_site(config: Path, code: str, *arguments: object) -> str:
    """Run Python in a process of its own whose arguments begin with the settings; gives its output."""
    out, err = (config.parent / f"task.{name}" for name in ("out", "err"))
    for file in (out, err):
        file.unlink(missing_ok=True)
    done = site_parent.begun(code, [config, *arguments], _environment(), out, err).wait(60)
    assert done == 0, err.read_text("utf-8")
    return out.read_text("utf-8")


def _environment(**more: str) -> dict[str, str]:
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("QI_CHECKER_", "DJANGO_"))}
    return plain | more


def copied(ward: Path, folder: Path) -> Path:
    """Copy a ward for writing; return its nightly.yaml."""
    shutil.copytree(ward.parent, folder, dirs_exist_ok=True)
    return folder / ward.name


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Served:
    """A running application. `secure`: it assumes that people use https."""

    config: Path
    port: int
    process: Child
    secure: bool = False

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def person(self, login: str = "") -> Person:
        """Return a person, signed in if a login is given."""
        person = Person(self)
        if login:
            answer = person.sign_in(login)
            assert answer.status_code == 302, answer.text
        return person


@contextmanager
def served(
    config: Path,
    now: str = NOW,
    url: str = "",
    command: str = "",
    port: int = 0,
    fresh: bool = False,
    **environment: str,
) -> Iterator[Served]:
    """Serve a ward; its stderr is in `serve.log` beside its settings.

    `command`: a program that serves instead; its arguments are the settings and the address.
    It is a fork of `site_parent`, or with `fresh` a process that a person would start, whose
    passwords take as long as in a hospital.
    """
    port = port or free_port()
    set_web(config.parent, {"url": url or f"http://localhost:{port}"})
    out, log = config.parent / "serve.out", config.parent / "serve.log"
    out.write_bytes(b"")
    address, environ = f"127.0.0.1:{port}", _environment(QI_CHECKER_NOW=now, **environment)
    usual = ["serve", "--config", config, "--listen", address]
    process: Child
    if fresh:
        with out.open("a") as told, log.open("a") as said:
            arguments = [sys.executable, "-m", "qi_checker", *map(str, usual)]
            process = subprocess.Popen(arguments, stdout=told, stderr=said, env=environ)
    elif command:
        process = site_parent.begun(command, [config, address], environ, out, log)
    else:
        process = site_parent.begun(site_parent.COMMAND, usual, environ, out, log)
    try:
        while "work list is at" not in out.read_text("utf-8"):
            assert process.poll() is None, f"it did not start: {log.read_text('utf-8')}"
            time.sleep(0.02)
        yield Served(config, port, process, url.startswith("https"))
    finally:
        process.send_signal(signal.SIGINT)  # open connections do not delay it
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)


@dataclass
class Person:
    """A browser without scripts: cookies and forms; redirects are followed explicitly."""

    site: Served
    http: requests.Session = field(default_factory=requests.Session)

    def request(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = {"Host": "qi.example", "X-Forwarded-Proto": "https"} if self.site.secure else {}
        headers |= more.pop("headers", {})
        jar = {c.name: c.value or "" for c in self.http.cookies}  # `__Host-` needs https, or this
        headers.setdefault("Cookie", "; ".join(f"{k}={v}" for k, v in jar.items()))
        with requests.Session() as once:
            answer = once.request(
                method,
                self.site.url + path,
                headers=headers,
                allow_redirects=False,
                timeout=30,
                **more,
            )
        for cookie in answer.cookies:
            self.http.cookies.set(cookie.name, cookie.value)
            if cookie.is_expired():
                self.http.cookies.pop(cookie.name, None)
        return answer

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.request("GET", path, **more)

    @property
    def csrf(self) -> str:
        """Return the CSRF token of this browser's forms."""
        if not any(name.endswith("csrf") for name in self.http.cookies.keys()):  # noqa: SIM118
            self.get("/sign-in" if not self.signed_in else "/account")
        return next((c.value or "" for c in self.http.cookies if c.name.endswith("csrf")), "")

    @property
    def signed_in(self) -> bool:
        return any(name.endswith("session") for name in self.http.cookies.keys())  # noqa: SIM118

    def post(
        self, path: str, data: Mapping[str, Any] | None = None, **more: Any
    ) -> requests.Response:
        """Send a form, with its CSRF token and a form token unless they are given."""
        token = f"t{time.monotonic_ns()}"
        sent = {"csrfmiddlewaretoken": self.csrf, "token": token, **(data or {})}
        headers = more.pop("headers", {})
        if self.site.secure:
            headers = {"Referer": "https://qi.example/", "Origin": "https://qi.example"} | headers
        return self.request("POST", path, data=sent, headers=headers, **more)

    def sign_in(
        self, login: str, password: str | None = None, back: str = "/"
    ) -> requests.Response:
        word = login if password is None else password
        return self.post("/sign-in", {"login": login, "password": word, "next": back})


def text_of(html: str) -> str:
    """Return the visible text of a page, with single blanks."""
    bare = re.sub(r"<(script|style)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", bare)).strip()


@dataclass(frozen=True)
class PageRow:
    """A row of the table of pages, as in the program."""

    name: str
    path: str
    scope: str
    read: tuple[str, ...]
    write: tuple[str, ...]
    what: str


_PAGES = """
import json, sys
from pathlib import Path
from qi_checker.web.server import configure
configure(Path(sys.argv[1]))
import django; django.setup()
from qi_checker.web.access import PAGES
print(json.dumps([[p.name, p.path, p.scope.name, p.read, p.write, p.what] for p in PAGES]))
"""


def pages_of(config: Path) -> list[PageRow]:
    """Return the table of pages, from a separate process."""
    return [
        PageRow(name, path, scope, tuple(read), tuple(write), what)
        for name, path, scope, read, write, what in json.loads(of_site(config, _PAGES))
    ]


def sql(config: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    """Query the store of a ward."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(config.parent / "state" / "store.sqlite3", timeout=30)) as con:
        return con.execute(query, values).fetchall()


def a_case(config: Path, site: str = GENERAL, where: str = "upcoming") -> str:
    """Return a case of a site that needs an action."""
    query = f"""SELECT case_id FROM qi_desk_workitem WHERE site = ? AND {where}
                AND act_by < '9999-01-01' ORDER BY act_by, case_id LIMIT 1"""
    return str(sql(config, query, site)[0][0])


def execute(config: Path, statement: str, *values: object) -> None:
    """Change the store of a ward, as a night or a person would."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(config.parent / "state" / "store.sqlite3", timeout=30)) as con:
        con.execute(statement, values)
        con.commit()
