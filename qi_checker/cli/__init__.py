"""The command line: parsing and printing only. Heavy libraries are loaded by the command that
needs them, because a coordinator waits for every import."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from qi_checker.cli.parser import build_parser
from qi_checker.cli.streams import prepare_streams, silence
from qi_checker.errors import EXTRAS, Exit, Problem, UserError, not_installed
from qi_checker.private import UMASK, spill_anywhere, sweep_spilled

_WHOLE = "A folder of results is never left half written."
_INTERRUPTS = ("RuntimeError", "InterruptException")  # what DuckDB raises for Ctrl-C in a query
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # of the disk behind a redirection


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code (docs/commands.md)."""
    prepare_streams()
    typed = sys.argv[1:] if argv is None else argv
    arguments = build_parser(typed).parse_args(typed)
    # Nearly every file names patients, including the temporary files of databases.
    arguments.umask = os.umask(UMASK)
    sweep_spilled()
    try:
        _check_names(arguments)
        code = int(arguments.run(arguments))
        sys.stdout.flush()
        return code
    except UserError as error:
        return _report(error)
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        return _report(not_installed(module)) if module in EXTRAS else _unexpected(error)
    except PermissionError as error:
        where, advice = str(error.filename or ""), "Ask for permission, or run it as another user"
        return _report(UserError(Problem(where, "may not be opened", "", advice)))
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:  # the reader (head, less) has seen enough
        silence()
        return int(Exit.DONE)
    except Exception as error:
        if type(error).__name__ in _INTERRUPTS and "interrupted" in str(error).lower():
            return _interrupted()
        return _unexpected(error)
    finally:
        spill_anywhere()
        os.umask(arguments.umask)


def _report(error: UserError) -> int:
    for problem in error.problems:
        print(f"qi-checker: {problem}", file=sys.stderr)
    return int(error.exit_code)


def _check_names(arguments: argparse.Namespace) -> None:
    """Raise UserError for a folder or a word that is not UTF-8: no database takes it."""
    what, problems = "{} contains a byte that is not valid UTF-8", []
    for option, value in sorted(vars(arguments).items()):
        shown = option.replace("_", "-")
        if option in ("data", "out") and isinstance(value, Path) and not _is_utf8(str(value)):
            advice = "Give the folder another name"
            problems.append(Problem(f"--{shown}", what.format("the name"), "", advice))
        words = value if isinstance(value, list) else [value]
        if not all(_is_utf8(word) for word in words if isinstance(word, str)):
            advice = "Use a terminal that writes UTF-8"
            problems.append(Problem(shown, what.format("the text"), "", advice))
    if problems:
        raise UserError(problems)


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # a byte that Python could not decode is a surrogate
        return False
    return True


def _interrupted() -> int:
    print(f"qi-checker: interrupted. {_WHOLE}", file=sys.stderr)
    return int(Exit.INTERRUPTED)


def _unexpected(error: Exception) -> int:
    if os.environ.get("QI_CHECKER_TRACEBACK"):
        raise error
    if isinstance(error, OSError) and error.errno in _FULL:
        silence()
        why = os.strerror(error.errno).lower()
        print(f"qi-checker: the output cannot be written: {why}.", file=sys.stderr)
        return int(Exit.INPUT)
    print(f"qi-checker: {_internal(error)}", file=sys.stderr)
    return int(Exit.INTERNAL)


def _internal(error: Exception) -> str:
    """Say what failed and where, without the text of the error: it may hold a patient's data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = ""
    if trace is not None:
        where = f" in {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
    return (
        f"this should not have happened ({type(error).__name__}{where}). {_WHOLE} "
        "Please report it; QI_CHECKER_TRACEBACK=1 shows more, which may include patient data."
    )
