"""The data kept between nights: runs, history of findings, exceptions, sign-offs, trail.

`open_store` gives access to all of it. docs/store.md: what is stored, for how long, how to restore
it.
"""

from __future__ import annotations

from qi_checker.store.database import Database, set_up
from qi_checker.store.night import Kept, Night
from qi_checker.store.store import Store, open_store

__all__ = ["Database", "Kept", "Night", "Store", "open_store"]

set_up()  # the tables can be imported from here on
