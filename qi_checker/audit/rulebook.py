"""The results of a rulebook for people and programs, one line per protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qi_checker.audit.views import AuditPage, RulebookLine, RulebookPage

MEANINGS = ("compliant", "eligible", "with_exception", "undetermined", "rate", "low", "high")


def rulebook_line(page: AuditPage, link: str) -> RulebookLine:
    """Return the line of one protocol; `link` leads from the rulebook to its audit."""
    return RulebookLine(page.provenance, page.rate, page.verdicts, page.actions.now, link)


def rulebook_page(lines: Sequence[RulebookLine], last: AuditPage) -> RulebookPage:
    """Return the page of all protocols; common values come from one of the audits."""
    p = last.provenance
    return RulebookPage(
        as_of=p.as_of,
        timezone=p.timezone,
        data_sha256=p.data_sha256,
        program_version=p.program_version,
        lines=tuple(lines),
        reconciliation=last.reconciliation,
        plausibility=tuple(
            dict.fromkeys(f for line in lines for f in line.provenance.plausibility)
        ),
    )


def rulebook_document(page: RulebookPage) -> dict[str, Any]:
    """Return the same as rulebook.json; `rate` is n/N with its Wilson 95% interval."""
    return {
        "program": {"name": "qi-checker", "version": page.program_version},
        "as_of": page.as_of,
        "timezone": page.timezone,
        "data_sha256": page.data_sha256,
        "plausibility": [finding.as_dict() for finding in page.plausibility],
        "files": [
            {"file": file, "read": read, "used": used, "rejected": rejected}
            for file, read, used, rejected in page.reconciliation
        ],
        "protocols": [_document(line) for line in page.lines],
    }


def _document(line: RulebookLine) -> dict[str, Any]:
    p, rate = line.provenance, line.rate
    return {
        "id": p.protocol_id,
        "title": p.protocol_title,
        "version": p.protocol_version,
        "sha256": p.protocol_sha256,
        "rate": {
            "numerator": rate.compliant,
            "denominator": rate.eligible - rate.with_exception,
            **{name: getattr(rate, name) for name in MEANINGS},
        },
        "no_data": list(p.no_data),
        "verdicts": dict(line.verdicts),
        "page": line.page,
    }
