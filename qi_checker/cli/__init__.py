"""The command line: parsing and printing only. Heavy libraries are loaded by the command that
needs them, because a coordinator waits for every import."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from qi_checker.cli.parser import build_parser
from qi_checker.errors import Exit, UserError


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit code says how it went (docs/commands.md)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a narrow code page must not stop a report
    arguments = build_parser().parse_args(argv)
    try:
        code = int(arguments.run(arguments))
        sys.stdout.flush()
        return code
    except UserError as error:
        for problem in error.problems:
            print(f"qi-checker: {problem}", file=sys.stderr)
        return int(error.exit_code)
    except KeyboardInterrupt:
        print("qi-checker: interrupted; nothing was changed.", file=sys.stderr)
        return int(Exit.INTERRUPTED)
    except BrokenPipeError:
        # The reader (head, less) has seen enough. Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(Exit.DONE)
    except Exception as error:
        if os.environ.get("QI_CHECKER_TRACEBACK"):
            raise
        print(f"qi-checker: {_internal(error)}", file=sys.stderr)
        return int(Exit.INTERNAL)


def _internal(error: Exception) -> str:
    """What failed and where, without the text of the error: it may hold a patient's data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = ""
    if trace is not None:
        where = f" in {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
    return (
        f"this should not have happened ({type(error).__name__}{where}). No result was written. "
        "Please report it; QI_CHECKER_TRACEBACK=1 shows more, which may include patient data."
    )
