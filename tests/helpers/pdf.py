"""Tests that make a PDF need Pango; scripts/native.sh installs it where it can."""

from __future__ import annotations

import warnings

import pytest


def _found() -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # from its libraries
            import weasyprint  # noqa: F401
    except OSError:
        return False
    return True


needs_pango = pytest.mark.skipif(
    not _found(), reason="Pango is missing: sh scripts/native.sh says what to do"
)
