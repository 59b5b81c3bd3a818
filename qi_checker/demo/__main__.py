"""`python -m qi_checker.demo FOLDER` writes the synthetic hospital into FOLDER."""

from __future__ import annotations

import argparse
from pathlib import Path

from qi_checker.demo import SEED, write_demo

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m qi_checker.demo", description=__doc__)
    parser.add_argument("folder", type=Path, help="Folder to write into, such as demo.")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    write_demo(given.folder, given.seed)
    print(f"Wrote a synthetic hospital into {given.folder}")
