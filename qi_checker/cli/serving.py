"""serve and accounts: the web application, and who may sign in."""

from __future__ import annotations

import argparse
import getpass
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from qi_checker.errors import EXTRAS, Exit, Problem, UserError, not_installed

if TYPE_CHECKING:
    from qi_checker.web.models import User

DEMO_NOW = "2026-03-03T08:10:00-05:00"  # the morning after the demonstration's last night


def serve(arguments: argparse.Namespace) -> int:
    """Serve the web application until a signal ends it."""
    _installed()
    if arguments.demo:
        return _demo(arguments)
    from qi_checker.web.server import configure, prepare
    from qi_checker.web.server import serve as run

    configure(_config(arguments))
    prepare()
    _say_first_account()
    run(arguments.listen, _say_address)
    return Exit.DONE


def _installed() -> None:
    """Raise UserError if a package of the extra `web` is missing.

    The check precedes the start of Django, whose error would name a setting, not the extra.
    """
    for name in ("django", *(module for module, extra in EXTRAS.items() if extra == "web")):
        if not _is_there(name):
            raise not_installed(name, "web")


def _is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ValueError:  # the module is hidden: sys.modules holds None
        return False


def _config(arguments: argparse.Namespace) -> Path:
    config: Path | None = arguments.config
    if config is None:
        advice = "Write: --config nightly.yaml, or --demo"
        raise UserError(Problem("--config", "is required", "", advice))
    return config


def _say_address(url: str) -> None:
    print(f"The work list is at {url}/ (Ctrl-C ends it)", flush=True)


def _say_first_account() -> None:
    from qi_checker.web.models import User
    from qi_checker.web.runtime import runtime

    if runtime().web.local_accounts and not User.objects.exists():
        print("Nobody can sign in yet. Create the first account:")
        named = os.environ["QI_CHECKER_CONFIG"]
        print(f"  qi-checker accounts add NAME --role administrator --config {named}", flush=True)


def _demo(arguments: argparse.Namespace) -> int:
    """Serve a synthetic hospital with two nights and an account for each role."""
    with tempfile.TemporaryDirectory(prefix="qi-checker-demo-") as made:
        folder = arguments.folder or Path(made)
        config = _demo_hospital(folder, arguments.port)
        from qi_checker.web.server import configure, prepare
        from qi_checker.web.server import serve as run

        configure(config, QI_CHECKER_DEMO="1", QI_CHECKER_NOW=DEMO_NOW)
        prepare()
        from qi_checker.web.demo import add_accounts

        logins = add_accounts()
        print(f"Sign in as {', '.join(logins)}; the login is the password.", flush=True)
        run(f"127.0.0.1:{arguments.port}", _say_address)
    return Exit.DONE


def _demo_hospital(folder: Path, port: int) -> Path:
    """Write records, settings and two nights with the commands that a site uses.

    A folder that has them is served unchanged, with people's entries. Raises UserError for a
    folder that contains anything else.
    """
    from qi_checker.demo.ward import LAST, made_before, write_settings, write_ward
    from qi_checker.nightly.status import read_status

    config, made = folder / "nightly.yaml", made_before(folder)
    if folder.is_dir() and any(folder.iterdir()) and not made:
        why = "the folder is not empty, and `serve --demo` did not write it"
        raise UserError(Problem(f"--folder {folder}", why, "", "Name a new folder"))
    last = read_status(folder / "state" / "status.json").get("last_good") or {}
    if made and last.get("as_of", "") >= LAST:
        write_settings(folder, port)
        return config
    for as_of in write_ward(folder, port):
        print(f"The night of {as_of} ...", flush=True)
        command = [sys.executable, "-m", "qi_checker", "nightly", "--config", str(config)]
        done = subprocess.run([*command, "--as-of", as_of], stdout=subprocess.DEVNULL)
        if done.returncode:
            raise UserError(Problem("serve --demo", f"the night of {as_of} failed"))
    return config


# ---- accounts -----------------------------------------------------------------------------------


def _open(arguments: argparse.Namespace) -> None:
    _installed()
    from qi_checker.web.server import configure, prepare

    configure(_config(arguments))
    prepare()


def _somebody(login: str) -> User:
    from qi_checker.web.accounts import identity
    from qi_checker.web.models import User

    user: User | None = User.objects.filter(login=identity(login)).first()
    if user is None:
        raise UserError(Problem("accounts", "there is no such account", "", "See `accounts list`"))
    return user


def add_account(arguments: argparse.Namespace) -> int:
    """Create an account with a role; prompt for the password, or read it from standard input."""
    _open(arguments)
    from qi_checker.cli.nights import system_user
    from qi_checker.store.exceptions import Person
    from qi_checker.web import accounts

    by = Person(f"command line ({system_user()})", "administrator")
    user = accounts.add(arguments.login, arguments.name, _password(), by)
    for role in arguments.role:
        accounts.grant(user, role, arguments.site, by)
    print(f"{user.login} can sign in.")
    return Exit.DONE


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Repeat the password: "):
        raise UserError(Problem("accounts", "the two passwords differ", "", "Try again"))
    return first


def list_accounts(arguments: argparse.Namespace) -> int:
    """Print every account with its roles, as lines of JSON."""
    _open(arguments)
    from qi_checker.web.models import User

    for user in User.objects.order_by("login").prefetch_related("memberships"):
        roles = sorted([m.role, m.site] for m in user.memberships.all())
        line = {"login": user.login, "name": user.name, "open": user.is_active, "roles": roles}
        print(json.dumps(line, ensure_ascii=False))
    return Exit.DONE


def set_password(arguments: argparse.Namespace) -> int:
    """Set another password of an account, and unlock it."""
    _open(arguments)
    from qi_checker.cli.nights import system_user
    from qi_checker.store.exceptions import Person
    from qi_checker.web import accounts

    user = _somebody(arguments.login)
    by = Person(f"command line ({system_user()})", "administrator")
    accounts.set_password(user, _password(), by)
    accounts.set_active(user, True, by)
    print(f"{user.login} can sign in.")
    return Exit.DONE
