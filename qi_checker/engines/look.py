"""Where somebody may look at the records before they are judged, and at what came of it.

The engines call it; what is looked at is decided in `qi_checker/plausibility`.
"""

from __future__ import annotations

from collections.abc import Mapping

from qi_checker.engines.inputs.database import Database
from qi_checker.engines.inputs.needs import Needs
from qi_checker.engines.inputs.results import Results
from qi_checker.engines.inputs.task import Prepared
from qi_checker.protocol.plausible import UNSEEN, Looked
from qi_checker.protocol.records import RawTable


class Look:
    """What nobody looks at. Both methods may raise `Refused`, and then nothing is written."""

    def records(
        self, db: Database, needs: Needs, prepared: Prepared, tables: Mapping[str, RawTable]
    ) -> None:
        """The records are ready in the database, and nobody has been judged."""

    def result(self, results: Results) -> Looked:
        """One protocol has been evaluated."""
        return UNSEEN


UNLOOKED = Look()
