"""Sessions in the database, as Django keeps them, read for every request.

If a session cannot be written because the night is being stored, Django reports that the session is
gone and would sign the person out. Here the store's refusal is raised, which becomes a page that
explains it.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as Kept
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
        cells = direct.rows(sql, [self.session_key, direct.moment(real_moment())])
        if not cells:
            self._session_key = None
            return {}
        held: dict[str, Any] = json.loads(_read(cells[0][0]))
        return held

    def save(self, must_create: bool = False) -> None:
        """Write the session. Raise StoreRefused if that fails, UpdateError if it is gone."""
        try:
            super().save(must_create)
        except UpdateError as error:
            if isinstance(error.__context__, OperationalError):
                raise refusal("default", error.__context__) from None
            raise


@lru_cache(maxsize=1_024)  # the signature of the same text is checked once
def _read(text: str) -> str:
    return json.dumps(SessionStore().decode(text))
