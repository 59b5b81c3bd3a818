"""Addresses with a query: filters stay in the address, and nothing of a list stays in a session."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from django.urls import reverse


def link(name: str, *parts: object, query: Mapping[str, object] | None = None) -> str:
    """The address of a page by its name, with what is not empty of a query."""
    address = reverse(name, args=[str(p) for p in parts])
    said = [(k, str(v)) for k, v in (query or {}).items() if v not in ("", None, False)]
    return f"{address}?{urlencode(said)}" if said else address
