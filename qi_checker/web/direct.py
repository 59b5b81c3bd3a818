"""SQL statements that nearly every request needs, sent to the database as they are.

Django takes ten times as long to build one of them as the database takes to answer it, and a page needs
at least four: session, account, trail, desk. Everything else goes through the models.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import DateTimeField

from qi_checker.web.models import Membership, User


def rows(sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Return the rows of a statement with `%s` for each parameter. Raises DatabaseError of Django."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def moment(at: datetime) -> Any:
    """Convert a time to what this database compares with a column of a model."""
    return connection.ops.adapt_datetimefield_value(at)


def open_account(number: int) -> User | None:
    """Read an account with its roles; None if it was closed or removed.

    Its times are left out: Django reads them at the first access.
    """
    sql, names, roles = _account_statement()
    found = rows(sql, [number])
    if not found:
        return None
    fields = {field.attname: field for field in User._meta.concrete_fields}
    cells = zip(names, found[0], strict=False)
    user: User = User.from_db(
        connection.alias, names, [fields[name].to_python(cell) for name, cell in cells]
    )
    held = [row[len(names) :] for row in found]
    user.held = [
        Membership.from_db(connection.alias, roles, row) for row in held if row[0] is not None
    ]
    return user


@cache
def _account_statement() -> tuple[str, list[str], list[str]]:
    """Return the statement, and the fields of account and role that it selects, in this order."""
    names = [f.attname for f in User._meta.concrete_fields if not isinstance(f, DateTimeField)]
    roles = [f.attname for f in Membership._meta.concrete_fields]
    quote = connection.ops.quote_name
    user, membership = quote(User._meta.db_table), quote(Membership._meta.db_table)
    given = [f"u.{quote(_column(User, name))}" for name in names]
    given += [f"m.{quote(_column(Membership, name))}" for name in roles]
    sql = (
        f"SELECT {', '.join(given)} FROM {user} u LEFT JOIN {membership} m ON m.user_id = u.id "
        "WHERE u.id = %s AND u.is_active ORDER BY m.id"
    )
    return sql, names, roles


def _column(model: Any, name: str) -> str:
    return str(next(f.column for f in model._meta.concrete_fields if f.attname == name))
