"""What is kept between nights: runs, the history of findings, exceptions, sign-offs, the trail.

`open_store` gives everything. docs/store.md says what is kept, for how long and how to restore it.
"""

from __future__ import annotations

from qi_checker.store.database import Database, set_up
from qi_checker.store.night import Kept, Night
from qi_checker.store.store import Store, open_store

__all__ = ["Database", "Kept", "Night", "Store", "open_store"]

set_up()  # the tables can be imported from here on
