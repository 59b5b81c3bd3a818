"""Sessions in the database, as Django keeps them.

Where a session cannot be written because the night is being kept, Django says that the session is gone,
and would sign somebody out. Here the store's own refusal is raised, which becomes a page that says so.
"""

from __future__ import annotations

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as Kept
from django.db import OperationalError

from qi_checker.store.transaction import refusal


class SessionStore(Kept):
    """What `SESSION_ENGINE` names."""

    def save(self, must_create: bool = False) -> None:
        """Write the session. Raises StoreRefused where the database cannot, UpdateError if it is gone."""
        try:
            super().save(must_create)
        except UpdateError as error:
            if isinstance(error.__context__, OperationalError):
                raise refusal("default", error.__context__) from None
            raise
