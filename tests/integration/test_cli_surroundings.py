"""Where and how a command runs: terminals, pipes, code pages, folders, time zones, byte marks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qi_checker import __version__
from tests.helpers.commands import (
    AS_OF,
    audit,
    contents,
    csv_rows,
    environment,
    on_terminal,
    run,
    start,
)
from tests.helpers.records import case, mr_scan, scan
from tests.integration.conftest import WriteFolder

COMMANDS = (
    (),
    ("audit",),
    ("checklist",),
    ("check",),
    ("sheets",),
    ("what-if",),
    ("report",),
    ("study",),
    ("digest",),
    ("demo",),
    ("inspect",),
    ("rules",),
    ("rules", "validate"),
    ("rules", "test"),
    ("rules", "render"),
    ("rules", "sql"),
    ("rules", "schema"),
    ("rules", "diff"),
    ("rules", "coverage"),
    ("rules", "explain"),
    ("import",),
    ("import", "files"),
    ("import", "sql"),
    ("import", "omop"),
    ("serve",),
    ("accounts",),
    ("accounts", "add"),
    ("accounts", "list"),
    ("accounts", "password"),
    ("healthcheck",),
    ("nightly",),
    ("nightly", "check-config"),
    ("nightly", "runs"),
    ("nightly", "show"),
    ("nightly", "changes"),
    ("nightly", "verify"),
    ("nightly", "purge"),
    ("nightly", "forget"),
    ("nightly", "export"),
    ("nightly", "pseudonymise"),
    ("nightly", "backup"),
    ("nightly", "schema"),
    ("nightly", "sign-off"),
    ("nightly", "sign-offs"),
    ("nightly", "exceptions"),
    ("nightly", "exceptions", "list"),
    ("nightly", "exceptions", "request"),
    ("nightly", "exceptions", "approve"),
    ("nightly", "exceptions", "refuse"),
    ("nightly", "exceptions", "reconfirm"),
    ("nightly", "exceptions", "revoke"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_help_has_an_example(command: tuple[str, ...]) -> None:
    ran = run(*command, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert "example:" in ran.out and "qi-checker " in ran.out.partition("example:")[2]


def test_no_command_is_missing_here() -> None:
    """A command that is new must be added above."""
    for group in {c[:-1] for c in COMMANDS if c}:
        listed = [
            line.split()[0]
            for line in run(*group, "--help").out.splitlines()
            if line.startswith("    ") and not line.startswith("     ")
        ]
        assert {
            c[len(group)] for c in COMMANDS if len(c) == len(group) + 1 and c[:-1] == group
        } == (set(listed))


@pytest.mark.parametrize("arguments", [(), ("audits",), ("audit",), ("rules",), ("import", "x")])
def test_a_wrong_command_is_2_and_told_on_stderr(arguments: tuple[str, ...]) -> None:
    ran = run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "usage: qi-checker" in ran.err


def test_the_installed_command_is_the_module(few: Path) -> None:
    """`qi-checker` beside this Python, or what it would call where it is not installed."""
    found = shutil.which("qi-checker", path=os.path.dirname(sys.executable))
    name = "from qi_checker.cli import main; raise SystemExit(main())"
    command = [found] if found else [sys.executable, "-c", name]
    arguments = ["checklist", "--data", str(few), "--as-of", AS_OF]
    done = subprocess.run([*command, *arguments], capture_output=True, env=environment())
    assert done.stdout.decode() == run(*arguments).out
    assert done.returncode == 0


def test_the_version_is_told() -> None:
    assert run("--version").out == f"qi-checker {__version__}\n"


def test_without_site_settings_utc_is_used_and_told(folder: WriteFolder, tmp_path: Path) -> None:
    data = folder(site=None)
    ran = audit(data, tmp_path / "out")
    assert ran.code == 0
    assert ran.err == (
        f"qi-checker: warning: no {data}/site.yaml: dates are counted in UTC. "
        "Give the hospital's time zone with --site.\n"
    )
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    assert manifest["site"]["timezone"] == "UTC"


def test_the_day_of_an_event_is_that_of_the_hospital(folder: WriteFolder, tmp_path: Path) -> None:
    """Half past one in the night in UTC is the evening before in Toronto: 31 days, not 30."""
    data = folder(
        cases=[case("C1", "2026-02-20T08:00", patient_id="P1")],
        events=[
            scan("2026-01-21T01:30Z", "E1", patient_id="P1"),
            mr_scan("2026-01-21T01:30:00-05:00", "E2", patient_id="P1"),
        ],
    )
    (tmp_path / "utc.yaml").write_text("timezone: UTC\n")
    found = {}
    for name, options in (("Toronto", ()), ("UTC", ("--site", tmp_path / "utc.yaml"))):
        assert audit(data, tmp_path / name, *options).code == 0
        rows = csv_rows(tmp_path / name / "findings.csv")
        found[name] = {r["requirement"]: (r["status"], r["days_before"]) for r in rows}
    assert found == {
        "Toronto": {"ct": ("expired", "31"), "mri": ("met", "30")},
        "UTC": {"ct": ("met", "30"), "mri": ("met", "30")},
    }


def test_byte_marks_and_line_ends_of_windows_change_nothing(
    demo: Path, audited: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for file in demo.iterdir():
        text = file.read_bytes().replace(b"\n", b"\r\n")
        (data / file.name).write_bytes(b"\xef\xbb\xbf" + text)
    assert audit(data, tmp_path / "out", "--pages", 0).code == 0
    for name in ("findings.csv", "findings.parquet", "cases.csv", "rejects.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (audited / name).read_bytes()


SHOWN = {
    "checklist": ("checklist",),
    "checklist in JSON": ("checklist", "--format", "json"),
    "checklist in HTML": ("checklist", "--format", "html"),
    "check": ("check", "SYN-C-0001"),
    "what-if": ("what-if", "SYN-C-0229", "--move-to", "2026-06-20"),
}


@pytest.mark.parametrize("arguments", SHOWN.values(), ids=SHOWN)
def test_a_narrow_code_page_stops_no_command(few: Path, arguments: tuple[str, ...]) -> None:
    narrow = environment(LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    ran = run(*arguments, "--data", few, "--as-of", AS_OF, env=narrow)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.isascii() and len(ran.out) > 300


def test_a_narrow_code_page_changes_no_file(few: Path, tmp_path: Path) -> None:
    narrow = environment(LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert audit(few, tmp_path / "out", env=narrow).code == 0
    assert audit(few, tmp_path / "usual").code == 0
    assert contents(tmp_path / "out") == contents(tmp_path / "usual")


@pytest.mark.parametrize("arguments", SHOWN.values(), ids=SHOWN)
def test_a_reader_that_has_seen_enough_is_no_error(few: Path, arguments: tuple[str, ...]) -> None:
    """As with `| head -1`, only that the reader is surely gone before anything is printed."""
    process = start(*arguments, "--data", few, "--as-of", AS_OF)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 0
    process.stderr.close()


def test_a_reader_that_has_seen_enough_changes_no_exit_code(
    folder: WriteFolder, tmp_path: Path
) -> None:
    process = start(
        "audit",
        "--data",
        folder(),
        "--as-of",
        AS_OF,
        "--out",
        tmp_path / "out",
        "--fail-on",
        "not_compliant",
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 1
    process.stderr.close()


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_full_disk_behind_a_redirection_is_told(few: Path, form: str) -> None:
    with open("/dev/full", "wb") as full:
        ran = run("checklist", "--data", few, "--as-of", AS_OF, "--format", form, stdout=full)
    assert ran.code == 2
    assert ran.err == "qi-checker: the output cannot be written: no space left on device.\n"


@pytest.mark.parametrize("closed", ["<&- >&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_stop_nothing(folder: WriteFolder, tmp_path: Path, closed: str) -> None:
    line = f'exec "$@" {closed}'
    command = [
        sys.executable,
        "-m",
        "qi_checker",
        "audit",
        "--data",
        str(folder(site=None)),
        "--as-of",
        AS_OF,
        "--out",
        str(tmp_path / "out"),
    ]
    done = subprocess.run(
        ["/bin/sh", "-c", line, "sh", *command], capture_output=True, env=environment()
    )
    assert done.returncode == 0
    assert b"warning" not in done.stdout
    assert (tmp_path / "out" / "manifest.json").is_file()


def test_colour_only_on_a_terminal_that_wants_it(few: Path) -> None:
    arguments = ["checklist", "--data", str(few), "--as-of", AS_OF]
    colour = "\x1b[1;31m"  # bold red
    assert "\x1b" not in run(*arguments).out
    assert colour in on_terminal("check", "SYN-C-0001", *arguments[1:])
    assert "31m" not in on_terminal("check", "SYN-C-0001", *arguments[1:], NO_COLOR="1")


def test_progress_on_a_terminal_and_none_in_a_pipe(few: Path, tmp_path: Path) -> None:
    arguments = ["audit", "--data", str(few), "--as-of", AS_OF, "--out", str(tmp_path / "out")]
    assert run(*arguments).err == ""
    assert "writing case pages" in on_terminal(*arguments)


@pytest.mark.parametrize("option", ["--out", "--data"])
def test_a_folder_whose_name_is_not_utf8_is_refused(
    option: str, folder: WriteFolder, tmp_path: Path
) -> None:
    data = folder()
    paths = {"--data": data, "--out": tmp_path / "out"} | {option: tmp_path / os.fsdecode(b"o\xe9")}
    given = [word for name, path in paths.items() for word in (name, path)]
    ran = run("audit", *given, "--as-of", AS_OF)
    assert ran.code == 2
    assert (
        f"{option}: the name contains a byte that is not valid UTF-8. Give the folder another name."
        in ran.err
    )


@pytest.mark.parametrize(
    "words",
    [
        ("check", "{}", "--data", "{data}", "--as-of", AS_OF),
        ("what-if", "{}", "--move-to", "2026-04-20", "--data", "{data}", "--as-of", AS_OF),
        ("nightly", "export", "{}", "--config", "nightly.yaml"),
        ("nightly", "pseudonymise", "{}", "--key-file", "key", "--config", "nightly.yaml"),
        ("audit", "--accept", "{}", "--data", "{data}", "--as-of", AS_OF, "--out", "out"),
    ],
)
def test_a_word_that_is_not_utf8_is_refused(words: tuple[str, ...], folder: WriteFolder) -> None:
    data = str(folder())
    ran = run(*(word.format(os.fsdecode(b"\xff"), data=data) for word in words))
    assert ran.code == 2 and "should not have happened" not in ran.err


def test_a_folder_that_may_not_be_read_is_told_without_site_settings(tmp_path: Path) -> None:
    """As root every folder may be read, so the refusal is made here."""
    refuse = (
        "import pathlib\n"
        "def is_file(self): raise PermissionError(13, 'Permission denied', str(self))\n"
        "pathlib.Path.is_file = is_file"
    )
    ran = run("checklist", "--data", tmp_path, "--as-of", AS_OF, before=refuse)
    assert ran.code == 2
    assert "may not be opened. Ask for permission" in ran.err
