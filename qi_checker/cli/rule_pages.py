"""rules render, schema and sql: a protocol as a page, its schema, its query."""

from __future__ import annotations

import argparse
import sys

from qi_checker.cli.common import protocol_path
from qi_checker.cli.outputs import check_output, write_out
from qi_checker.errors import Exit
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.site import Site


def render(arguments: argparse.Namespace) -> int:
    """Write a protocol as a page of plain English."""
    from qi_checker.authoring.rule_page import rule_page, rule_sheet
    from qi_checker.protocol.examples import load_examples

    check_output(arguments.format, arguments.out, "--out")
    bundle = load_protocol(protocol_path(arguments.path))
    file = bundle.path.with_name("examples.yaml")
    examples = load_examples(file, bundle) if file.is_file() else ()
    page: str | bytes = rule_page(rule_sheet(bundle, examples))
    if arguments.format == "pdf":
        from qi_checker.render.pdf import pdf_of

        page = pdf_of(str(page))
    write_out(page, arguments.out, 0o666 & ~arguments.umask)  # a rule names no patient
    return Exit.DONE


def schema(arguments: argparse.Namespace) -> int:
    """Print the JSON Schema of protocols, or of their examples."""
    from qi_checker.protocol.schema import schema_text

    sys.stdout.write(schema_text(arguments.what))
    return Exit.DONE


def sql(arguments: argparse.Namespace) -> int:
    """Print the SQL that a protocol is compiled to, step by step."""
    from qi_checker.query import compile_protocol
    from qi_checker.query.printed import script

    as_of = AsOf.parse(arguments.as_of)
    bundle = load_protocol(protocol_path(arguments.path))
    print(script(compile_protocol(bundle, as_of, Site(timezone="UTC")), arguments.dialect))
    return Exit.DONE
