"""How much of what takes long is done: a share of it in every run, all of it when asked.

`QI_CHECKER_THOROUGH=all` asks for everything, for hours; `QI_CHECKER_THOROUGH=kills,postgres` for
these parts of it.
"""

from __future__ import annotations

import os

PARTS = ("examples", "kills", "postgres", "spark")


def whole(part: str) -> bool:
    """Whether all of it was asked for. ValueError where something was that does not exist."""
    asked = {word for word in os.environ.get("QI_CHECKER_THOROUGH", "").split(",") if word}
    if unknown := asked - {"all", *PARTS}:
        raise ValueError(f"QI_CHECKER_THOROUGH: {', '.join(unknown)} is none of {', '.join(PARTS)}")
    return bool(asked & {"all", part})


def some(part: str, share: int, everything: int) -> int:
    """How many are done of `everything`."""
    return everything if whole(part) else share
