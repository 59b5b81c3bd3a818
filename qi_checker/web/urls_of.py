"""Addresses with a query: filters are in the address, and no list state is in a session."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from django.urls import reverse


def link(name: str, *parts: object, query: Mapping[str, object] | None = None) -> str:
    """Return the address of a page by its name, with the non-empty parts of a query."""
    address = reverse(name, args=[str(p) for p in parts])
    parameters = [(k, str(v)) for k, v in (query or {}).items() if v not in ("", None, False)]
    return f"{address}?{urlencode(parameters)}" if parameters else address
