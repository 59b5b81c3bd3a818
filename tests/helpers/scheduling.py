"""Which process runs which test, where there are several."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """The tests of a file in one process, which makes their records once; so are all of Spark.

    Spark needs a minute before it is quick. In the order of collection, which ends with short ones.
    """

    def schedule(self) -> None:
        self.config.option.loadscopereorder = False
        super().schedule()

    def _split_scope(self, nodeid: str) -> str:
        return "spark" if is_spark(nodeid) else nodeid.split("::", 1)[0]


def is_spark(nodeid: str) -> bool:
    """Also of one that only prints for Spark: it does not matter where that runs."""
    return "spark" in nodeid
