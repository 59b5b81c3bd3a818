"""`qi-checker` and `python -m qi_checker`: the command line as a process of its own."""

from __future__ import annotations

import gc
import os

# Pydantic looks through every installed package for plugins; none of them has a part in our models.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def run() -> int:
    """Run a command as the whole process.

    A command makes hundreds of thousands of objects that live as long as it does (classes, tables, a
    protocol). Python would look through them again and again for cycles, and once more at the end: a
    seventh of the time of `check`. Cycles that are left behind are still found, later.
    """
    gc.set_threshold(300_000, 20, 20)
    from qi_checker.cli import main

    try:
        return main()
    finally:
        gc.freeze()


if __name__ == "__main__":
    raise SystemExit(run())
