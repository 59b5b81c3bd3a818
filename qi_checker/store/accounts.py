"""Bind accounts, roles and tokens of the web application to the audit trail.

The web application may not be installed where a store is verified, so its tables are read as plain
rows. Only columns that decide about access are bound: not the last sign-in, the language and the
shortcuts. A digest covers the stored form of a password or token; the trail contains only the digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connections

from qi_checker.store.trail import canonical, instant

_TABLES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "account": (
        "qi_web_user",
        ("id", "login", "password", "name", "iss", "sub", "is_active", "created_at"),
    ),
    "role": ("qi_web_membership", ("id", "user_id", "role", "site", "given_by")),
    "token": (
        "qi_web_token",
        ("id", "digest", "kind", "name", "site", "made_by", "made_at", "revoked_at"),
    ),
}
_TIMES = ("created_at", "made_at", "revoked_at")


@dataclass(frozen=True)
class AccountRow:
    """A row of one of these tables. `words`: its name, with a description for people."""

    name: str
    digest: str
    words: str


def account_rows(alias: str) -> Iterator[AccountRow]:
    """Yield every account, role and token; none if the web application was never started."""
    logins: dict[Any, str] = {}
    for label in _TABLES:
        for row in _rows(alias, label):
            name = f"{label} {row['id']}"
            yield AccountRow(name, _digest(row), f"{name} ({_described(label, row, logins)})")


def _described(label: str, row: Mapping[str, Any], logins: dict[Any, str]) -> str:
    """Describe a row for people; collect the logins of accounts, which later roles refer to."""
    if label == "account":
        logins[row["id"]] = row["login"]
        return str(row["login"])
    site = row["site"] or "all sites"
    if label == "role":
        return f"{row['role']} of {logins.get(row['user_id'], 'nobody')}, {site}"
    return f"{row['kind']} {row['name'] or 'of every desk'}, {site}"


def bound_accounts(alias: str) -> dict[str, str]:
    """Return names and digests of all of them."""
    return {row.name: row.digest for row in account_rows(alias)}


def bound_row(alias: str, label: str, number: int) -> dict[str, str]:
    """Return name and digest of a row that was just written. `label`: account, role or token."""
    return {f"{label} {row['id']}": _digest(row) for row in _rows(alias, label, number)}


def _rows(alias: str, label: str, number: int | None = None) -> list[dict[str, Any]]:
    name, columns = _TABLES[label]
    connection = connections[alias]
    quoted = connection.ops.quote_name
    with connection.cursor() as cursor:
        if number is None and name not in connection.introspection.table_names(cursor):
            return []
        query = f"SELECT {', '.join(map(quoted, columns))} FROM {quoted(name)}"
        if number is None:
            cursor.execute(f"{query} ORDER BY id")
        else:
            cursor.execute(f"{query} WHERE id = %s", [number])
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def _digest(row: Mapping[str, Any]) -> str:
    values = {name: _plain(name, value) for name, value in row.items()}
    return hashlib.sha256(canonical(values).encode()).hexdigest()


def _plain(name: str, value: Any) -> Any:
    """Normalise a value: SQLite stores booleans as numbers, and times as text."""
    if isinstance(value, bool):
        return int(value)
    if name in _TIMES and isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return value  # the program never writes such a time
    if isinstance(value, datetime):
        return instant(value if value.tzinfo else value.replace(tzinfo=UTC))
    return value
