"""rules render, schema and sql: a protocol as a page, its schema, its query."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from qi_checker.cli.common import protocol_path
from qi_checker.errors import Exit, Problem, UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.site import Site


def render(arguments: argparse.Namespace) -> int:
    """A protocol as a page of plain English."""
    from qi_checker.protocol.examples import load_examples
    from qi_checker.reporting.html import rule_page
    from qi_checker.reporting.rule_page import rule_sheet

    if arguments.format == "pdf" and arguments.out is None and sys.stdout.isatty():
        what = "a terminal cannot show it"
        raise UserError(Problem("--format pdf", what, mend="Name a file with --out"))
    bundle = load_protocol(protocol_path(arguments.path))
    file = bundle.path.with_name("examples.yaml")
    examples = load_examples(file, bundle) if file.is_file() else ()
    page = rule_page(rule_sheet(bundle, examples))
    if arguments.format == "pdf":
        from qi_checker.reporting.pdf import pdf_of

        _write(pdf_of(page), arguments.out)
    else:
        _write(page, arguments.out)
    return Exit.DONE


def _write(content: str | bytes, out: Path | None) -> None:
    data = content.encode() if isinstance(content, str) else content
    if out is None:
        if isinstance(content, str):
            sys.stdout.write(content)  # in what the terminal can show
        else:
            sys.stdout.buffer.write(data)
        return
    try:
        out.write_bytes(data)
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise UserError(Problem(str(out), f"cannot be written: {why}")) from None
    print(out)


def schema(arguments: argparse.Namespace) -> int:
    """The JSON Schema of protocols, or of their examples."""
    from qi_checker.protocol.schema import schema_text

    sys.stdout.write(schema_text(arguments.what))
    return Exit.DONE


def sql(arguments: argparse.Namespace) -> int:
    """The SQL that a protocol is compiled to, step by step."""
    from qi_checker.compiler import compile_protocol
    from qi_checker.compiler.printed import script

    as_of = AsOf.parse(arguments.as_of)
    bundle = load_protocol(protocol_path(arguments.path))
    print(script(compile_protocol(bundle, as_of, Site(timezone="UTC")), arguments.dialect))
    return Exit.DONE
