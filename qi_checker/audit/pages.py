"""The pages of an audit: index.html of one protocol, and of a rulebook."""

from __future__ import annotations

from qi_checker.audit import words as audit_words
from qi_checker.audit.views import AuditPage, RulebookPage
from qi_checker.render.html import environment


def audit_page(page: AuditPage) -> str:
    """Render the audit: index.html."""
    return (
        environment().get_template("audit/audit.html.j2").render(page=page, sentences=audit_words)
    )


def rulebook_page(page: RulebookPage) -> str:
    """Render all protocols of a rulebook: its index.html."""
    return environment().get_template("audit/rulebook.html.j2").render(page=page)
