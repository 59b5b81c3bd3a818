"""Sessions in the database, read for every request.

Django keeps the cookie itself in the table. Here it keeps a hash of it, which is a part of what is
signed: somebody who can read or write the table, and not the key of the site, cannot act in the
session of another person.

If a session cannot be written because the night is being stored, Django reports that the session is
gone and would sign the person out. Here the store's refusal is raised, which becomes a page that
explains it.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import Any

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as Kept
from django.contrib.sessions.serializers import JSONSerializer
from django.core import signing
from django.db import OperationalError

from qi_checker.store.transaction import refusal
from qi_checker.web import direct
from qi_checker.web.clock import real_moment


class SessionStore(Kept):
    """What `SESSION_ENGINE` names."""

    def load(self) -> dict[str, Any]:
        """Read the session from the database; empty if it has ended."""
        statement = "SELECT session_data FROM {} WHERE session_key = %s AND expire_date > %s"
        sql = statement.format(self.model._meta.db_table)
        kept = _kept(self.session_key)
        cells = direct.rows(sql, [kept, direct.moment(real_moment())])
        held: dict[str, Any] = json.loads(_read(kept, cells[0][0])) if cells else {}
        if not held:
            self._session_key = None
        return held

    @property
    def key_salt(self) -> str:
        return salt(_kept(self.session_key))

    def exists(self, session_key: str) -> bool:
        return bool(super().exists(_kept(session_key)))

    def delete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            super().delete(_kept(key))

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row = super().create_model_instance(data)
        row.session_key = _kept(row.session_key)
        return row

    def save(self, must_create: bool = False) -> None:
        """Write the session. Raise StoreRefused if that fails, UpdateError if it is gone."""
        try:
            super().save(must_create)
        except UpdateError as error:
            if isinstance(error.__context__, OperationalError):
                raise refusal("default", error.__context__) from None
            raise


def _kept(cookie: str | None) -> str:
    """Return what the table keeps of a cookie: 40 characters, as many as its column has."""
    return hashlib.blake2b((cookie or "").encode(), digest_size=20).hexdigest()


def salt(kept: str) -> str:
    """Return what distinguishes the signature of one row from those of the others."""
    return f"qi_checker.web.sessions.{kept}"


@lru_cache(maxsize=1_024)  # the signature of the same text is checked once
def _read(kept: str, text: str) -> str:
    try:
        held = signing.loads(text, salt=salt(kept), serializer=JSONSerializer)
    except signing.BadSignature:
        held = {}
    return json.dumps(held)
