"""Filters of the templates: code and dates in texts, whoever escaped them."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from qi_checker.render.html import code, dates, environment


@pytest.mark.parametrize("kind", [str, Markup])
def test_code_is_drawn_once_in_plain_and_in_translated_texts(kind: type[str]) -> None:
    """Jinja's gettext returns Markup: its own tags were escaped and printed."""
    assert code(kind("With `--config`, here")) == "With <code>--config</code>, here"
    assert dates(kind("`a` on 2026-03-01")) == (
        '<code>a</code> on <time datetime="2026-03-01">Sun 1 Mar 2026</time>'
    )
    page = environment().from_string("{{ text | code }}")
    assert page.render(text=kind("`a`")) == "<code>a</code>"


def test_what_somebody_wrote_stays_text() -> None:
    assert code("`<b>` & <i>") == "<code>&lt;b&gt;</code> &amp; &lt;i&gt;"
