"""The web application with 10,000 open cases, beside an empty Django view: `python -m benchmarks.web_load`.

Two nights run over synthetic records; looks, waits, contacts and notes of users are added. Then two
servers start, both gunicorn with two processes of four threads: the application, and a Django project
without middleware whose only view returns two letters. The application has an empty answer of its own:
the time left in the session, for which it looks up session, account and roles, as for every page.

One user requests each page and both empty answers in turn. Then twenty users request a mixture of pages
without a pause, and one request in ten writes. The benchmark measures the time of a whole answer over HTTP
on a connection that stays open, and the CPU time of the server's processes as Linux counts it. On a busy
machine only the CPU time says what a page costs.

`--store postgresql` starts a PostgreSQL server for the run and uses it as the store, instead of SQLite.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from urllib.parse import quote, urlencode

import duckdb

from benchmarks.measure import BUILD

CASES, USERS = 10_000, 20
NIGHTS = ("2026-03-01T06:10", "2026-03-02T06:10")
NOW = "2026-03-02T08:10:00-05:00"
PROTOCOL = "hepatic-metastasectomy-imaging"

# ---- the hospital -------------------------------------------------------------------------------


def prepare(folder: Path, cases: int, store: str = "") -> None:
    """Run two nights with `cases` operations over the next 120 days; the second night moves 300.

    store: address of the database; SQLite in the state folder if it is empty.
    """
    shutil.rmtree(folder, ignore_errors=True)
    data = folder / "data"
    data.mkdir(parents=True)
    # Dates that come from a hash are implausible.
    (data / "site.yaml").write_text("timezone: America/Toronto\nplausibility: off\n", "utf-8")
    config = folder / "nightly.yaml"
    config.write_text(
        f"site: data/site.yaml\ndata: data\nstate: state\npages: 0\n"
        f"web: {{url: 'http://localhost:{_port()}', proxies: 0}}\n"
        + (f"store: {{url: '{store}'}}\n" if store else ""),
        encoding="utf-8",
    )
    for number, as_of in enumerate(NIGHTS):
        _write(data, cases, 300 * number)
        command = ["nightly", "--config", str(config), "--as-of", as_of]
        subprocess.run([sys.executable, "-m", "qi_checker", *command], check=True)
    subprocess.run([sys.executable, "-m", "benchmarks.web_load", "--fill", str(config)], check=True)


def _write(data: Path, cases: int, moved: int) -> None:
    """Write operations over 120 days at two sites, with 25 surgeons, 12 rooms and 3 events per patient."""
    duckdb.execute(f"""
        COPY (SELECT 'C' || lpad(CAST(i AS VARCHAR), 6, '0') AS case_id,
                     'P' || lpad(CAST(i AS VARCHAR), 6, '0') AS patient_id,
                     strftime(TIMESTAMP '2026-03-03 08:00:00'
                         + to_days(CAST(hash(i + 7) % 120 AS INT))
                         + to_days(CASE WHEN i < {moved} THEN 7 ELSE 0 END), '%Y-%m-%dT%H:%M')
                         AS surgery_at,
                     'scheduled' AS status, 'ICD-10-PCS:0FB00ZZ' AS procedures,
                     'ICD-10-CM:C78.7' AS diagnoses, 'elective' AS urgency,
                     'Dr ' || chr(65 + CAST(hash(i + 5) % 25 AS INT)) AS surgeon,
                     CASE WHEN hash(i + 3) % 4 = 0 THEN 'North' ELSE 'General' END AS site,
                     'OR ' || (1 + hash(i + 9) % 12) AS room
              FROM range({cases}) r(i)) TO '{data}/cases.csv' (HEADER)""")
    duckdb.execute(f"""
        COPY (SELECT 'E' || lpad(CAST(i AS VARCHAR), 7, '0') AS event_id,
                     'P' || lpad(CAST(i // 3 AS VARCHAR), 6, '0') AS patient_id, 'imaging' AS kind,
                     CASE hash(i + 1) % 6 WHEN 0 THEN 'ordered' WHEN 1 THEN 'booked'
                          ELSE 'completed' END AS status,
                     strftime(CASE WHEN hash(i + 1) % 6 = 1 THEN TIMESTAMP '2026-03-04 09:00:00'
                              ELSE TIMESTAMP '2026-01-01 09:00:00' END
                              + to_days(CAST(hash(i + 11) % 55 AS INT))
                              + to_seconds(CAST(hash(i + 12) % 30000 AS INT)), '%Y-%m-%dT%H:%M')
                         AS "at",
                     CASE hash(i + 2) % 2 WHEN 0 THEN 'MR' ELSE 'CT' END AS modality,
                     CASE hash(i + 9) % 4 WHEN 0 THEN 'pelvis' ELSE 'liver' END AS region
              FROM range({cases * 3}) r(i)) TO '{data}/events.csv' (HEADER)""")


def fill(config: Path) -> None:
    """Add accounts, 2,000 looks, 500 waits, 1,000 contacts and 1,000 notes to the store."""
    from qi_checker.web.server import configure, prepare

    configure(config)
    prepare()
    from qi_checker.store.desk.models import WorkItem
    from qi_checker.store.people.models import Contact, Look, Note, Wait
    from qi_checker.web.clock import this_moment
    from qi_checker.web.models import Membership, User

    at = this_moment()
    for number in range(USERS):
        user = User(login=f"user{number}", created_at=at)
        user.set_password(f"user{number}")
        user.save()
        Membership.objects.create(user=user, role="coordinator", site="", given_by="benchmark")
    items = list(WorkItem.objects.order_by("id").only("case_id", "evidence"))
    random.Random(1).shuffle(items)
    same = {"by": "user0", "role": "coordinator", "at": at}
    of = [{"case_id": i.case_id, **same} for i in items]
    named = [{**row, "protocol": PROTOCOL} for row in of]
    Look.objects.bulk_create(
        Look(**row, evidence=i.evidence) for row, i in zip(named[:2000], items, strict=False)
    )
    until = date(2026, 3, 9)
    Wait.objects.bulk_create(Wait(**row, until=until, why="asked") for row in named[:500])
    Contact.objects.bulk_create(Contact(**r, outcome="tried", whom="desk") for r in of[:1000])
    Note.objects.bulk_create(Note(**r, to_role="coordinator", text="ask") for r in of[500:1500])


# ---- the two servers ----------------------------------------------------------------------------

_APPLICATION = """
import sys
from pathlib import Path
from qi_checker.web.server import configure, prepare, serve
configure(Path(sys.argv[1]))
prepare()
serve(sys.argv[2], lambda url: print("ready", flush=True))
"""
_EMPTY = """
import sys
from django.conf import settings
settings.configure(ROOT_URLCONF="__main__", ALLOWED_HOSTS=["*"], SECRET_KEY="x" * 50, MIDDLEWARE=[])
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path
from gunicorn.app.base import BaseApplication
from qi_checker.web.server import _options
urlpatterns = [path("", lambda request: HttpResponse("ok"))]
class Server(BaseApplication):
    def load_config(self):
        for name, value in _options(sys.argv[2], 2, 4).items():
            self.cfg.set(name, value)
        self.cfg.set("when_ready", lambda _: print("ready", flush=True))
    def load(self):
        return get_wsgi_application()
Server().run()
"""


def _port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Server:
    """A running server; `pid` is the parent process of gunicorn, whose children answer."""

    port: int
    pid: int

    def cpu(self) -> float:
        """Return the CPU time that its processes have used so far, in milliseconds."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        files = [f for child in children for f in Path(f"/proc/{child}/task").glob("*/schedstat")]
        return sum(int(file.read_text().split()[0]) for file in files) / 1e6


@contextmanager
def serving(program: str, config: Path) -> Iterator[Server]:
    """Run a server, and stop it afterwards."""
    import os

    port = _port()
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(config), f"127.0.0.1:{port}"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "QI_CHECKER_NOW": NOW},
    )
    try:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("a server did not start")
        yield Server(port, process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


# ---- requests of users --------------------------------------------------------------------------


@dataclass
class User:
    """The browser of one user: cookies, and one connection that stays open."""

    port: int
    host: str = "localhost"
    cookies: dict[str, str] = field(default_factory=dict)
    http: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.http = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """Send a request; return status and text of the answer."""
        headers = {"Host": self.host, "Cookie": "; ".join(map("=".join, self.cookies.items()))}
        body = None
        if form is not None:
            body = urlencode({"csrfmiddlewaretoken": self.cookies.get("qi_csrf", ""), **form})
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            self.http.request(method, path, body, headers)
            answer = self.http.getresponse()
        except (http.client.HTTPException, ConnectionError):
            self.http.close()  # the server closed the idle connection: retry, as browsers do
            self.http.request(method, path, body, headers)
            answer = self.http.getresponse()
        text = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, text

    def sign_in(self, login: str) -> None:
        self.ask("GET", "/sign-in")
        status, _ = self.ask("POST", "/sign-in", {"login": login, "password": login, "next": "/"})
        if status != 302:
            raise RuntimeError(f"the sign-in was answered with {status}")


def timed(user: User, path: str, form: dict[str, str] | None = None) -> float:
    """Return the time of one answer in milliseconds. Raises RuntimeError if it is an error page."""
    began = time.perf_counter()
    status, _ = user.ask("POST" if form else "GET", path, form)
    took = 1000 * (time.perf_counter() - began)
    if status != (302 if form else 200):
        raise RuntimeError(f"{path} was answered with {status}")
    return took


def pages(cases: Sequence[str]) -> dict[str, str]:
    """Return the addresses that one user requests, by the name of the page."""
    case = f"/cases/{quote(cases[0])}"
    after = json.dumps(["2026-04-20", "2026-05-20", "C000000", PROTOCOL])
    return {
        "signed in, an empty answer": "/session",
        "work list": "/",
        "work list, one desk": "/?" + urlencode({"desk": "Surgical coordinator"}),
        "work list, one surgeon": "/?" + urlencode({"surgeon": "Dr C"}),
        "work list, search": "/?" + urlencode({"q": "C0042"}),
        "work list, a later page": "/?" + urlencode({"after": after}),
        "what-if, date after date": f"{case}/what-if?protocol={PROTOCOL}&to=",
        "case": case,
    }


@dataclass
class Cost:
    """The time of each answer of a page, and the CPU time of all of them; both in milliseconds."""

    took: list[float] = field(default_factory=list)
    cpu: float = 0.0

    @property
    def each(self) -> float:
        return self.cpu / len(self.took)


def alone(
    servers: tuple[Server, Server], user: User, empty: User, addresses: dict[str, str], rounds: int
) -> dict[str, Cost]:
    """Measure one user: in every round five requests for each page in turn, and for the empty view."""
    found: dict[str, Cost] = defaultdict(Cost)
    for number in range(rounds // 5 + 1):
        for name, path in {"empty view": "", **addresses}.items():
            server, who = (servers[0], user) if path else (servers[1], empty)
            before, took = server.cpu(), []
            for turn in range(5):
                # The user types: the same case, with another date each time.
                day = str(date(2026, 3, 10) + timedelta(days=5 * number + turn))
                took.append(timed(who, path + day if path.endswith("&to=") else path or "/"))
            if number:  # the first round fills the caches
                found[name].took += took
                found[name].cpu += server.cpu() - before
    return found


def together(users: list[User], cases: Sequence[str], seconds: float) -> dict[str, list[float]]:
    """Measure all users at once: lists, cases, what-ifs, and one note in ten. Returns times by kind."""
    until = time.perf_counter() + seconds
    found: dict[str, list[float]] = defaultdict(list)
    failed: list[str] = []

    def work(number: int) -> None:
        chance, user = random.Random(number), users[number]
        turn = 0
        while time.perf_counter() < until and not failed:
            turn += 1
            kind, path, form = _next(chance, cases, f"{number}-{turn}-{until}")
            try:
                found[kind].append(timed(user, path, form))
            except (RuntimeError, OSError) as error:
                failed.append(str(error))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(users))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise RuntimeError(failed[0])
    return found


def _next(
    chance: random.Random, cases: Sequence[str], token: str
) -> tuple[str, str, dict[str, str] | None]:
    case = f"/cases/{quote(chance.choice(cases))}"
    draw = chance.random()
    if draw < 0.45:
        letter = chr(65 + chance.randrange(25))
        return "work list", "/" if draw < 0.2 else f"/?surgeon=Dr+{letter}", None
    if draw < 0.75:
        day = f"2026-05-{chance.randrange(1, 29):02}"
        return "what-if", f"{case}/what-if?protocol={PROTOCOL}&to={day}", None
    if draw < 0.9:
        return "case", case, None
    return "note", f"{case}/notes", {"text": "called", "to_role": "", "token": token}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--rounds", type=int, default=60, help="answers per median")
    parser.add_argument("--seconds", type=float, default=30, help="how long the twenty users work")
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--fill", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.fill:
        fill(arguments.fill)
        return
    with ExitStack() as stack:
        config = _hospital(stack, arguments.cases, arguments.store == "postgresql")
        server = stack.enter_context(serving(_APPLICATION, config))
        bare = stack.enter_context(serving(_EMPTY, config))
        users, empty = [User(server.port) for _ in range(USERS)], User(bare.port)
        for number, user in enumerate(users):
            user.sign_in(f"user{number}")
        _, text = users[0].ask("GET", "/")
        cases = re.findall(r'data-case="/cases/([^"]+)"', text)
        print(f"{arguments.cases:,} open cases; the list is {len(text) / 1000:.0f} kB")
        _tell_alone(alone((server, bare), users[0], empty, pages(cases), arguments.rounds))
        _tell_together(together(users, cases, arguments.seconds))


def _hospital(stack: ExitStack, cases: int, on_postgres: bool) -> Path:
    """Return the settings of the hospital; on SQLite it is kept for the next run."""
    if on_postgres:
        from tests.helpers.postgres import postgres_server

        folder = BUILD / f"web-{cases}-postgresql"
        prepare(folder, cases, stack.enter_context(postgres_server()).new_database())
        return folder / "nightly.yaml"
    folder = BUILD / f"web-{cases}"
    if not (folder / "made").is_file():
        prepare(folder, cases)
        (folder / "made").touch()
    return folder / "nightly.yaml"


def _tell_alone(found: dict[str, Cost]) -> None:
    print(
        "one user: median time of an answer and CPU time of the server, as multiples of an empty view"
    )
    print("  without middleware, and of the application's empty answer (target: 5)")
    for name, cost in found.items():
        times, most = (
            " and ".join(f"{value(cost) / value(found[base]):.1f} x" for base in _BASES)
            for value in (lambda c: median(c.took), lambda c: c.each)
        )
        print(f"  {name:27} {median(cost.took):7.2f} ms, {times}; CPU {cost.each:6.2f} ms, {most}")


_BASES = ("empty view", "signed in, an empty answer")


def _tell_together(found: dict[str, list[float]]) -> None:
    every = sorted(took for times in found.values() for took in times)
    print(f"{USERS} users without a pause: {len(every):,} answers, no error")
    for name, times in {"all": every, **found}.items():
        times = sorted(times)
        last = times[int(0.99 * (len(times) - 1))]
        middle = median(times)
        print(
            f"  {name:24} median {middle:6.1f} ms, 99th percentile {last:6.1f} ms, {last / middle:.1f} x"
            + (" (target: 10)" if name == "all" else "")
        )


if __name__ == "__main__":
    main()
