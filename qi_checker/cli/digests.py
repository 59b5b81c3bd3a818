"""digest."""

from __future__ import annotations

import argparse
import shutil
import sys

from qi_checker.cli.outputs import write_out
from qi_checker.cli.streams import console
from qi_checker.errors import Exit, Problem, UserError

_LONGEST = 3660  # maximum number of days that a digest looks ahead


def digest(arguments: argparse.Namespace) -> int:
    """Summarise the folder of an audit on one screen, with the changes since an earlier audit."""
    from qi_checker.digest.contents import digest as build
    from qi_checker.digest.snapshot import Snapshot

    if not 0 <= arguments.days <= _LONGEST:
        advice = f"Give the number of days to look ahead, at most {_LONGEST}"
        raise UserError(Problem("--days", f"{arguments.days} is not possible", "", advice))
    now = Snapshot.read(arguments.audit)
    before = Snapshot.read(arguments.since) if arguments.since is not None else None
    view = build(now, before, arguments.days)
    if arguments.format == "html":
        from qi_checker.digest.mail import digest_html

        write_out(digest_html(view), arguments.out)
    elif arguments.format == "eml":
        from qi_checker.digest.mail import digest_mail

        write_out(digest_mail(view), arguments.out)
    else:
        from qi_checker.digest.text import digest_text
        from qi_checker.render.terminal import safe

        if arguments.out is not None:
            write_out(digest_text(view), arguments.out)
        else:
            width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
            write_out(safe(console(), digest_text(view, width or _WHOLE)), None)
    return Exit.DONE


_WHOLE = 10_000  # columns of a pipe: a pipe gets the same text as a file
