"""Write deploy/requirements.txt: the packages of the container, with the hash of every usable file.

    python -m scripts.hashes

Versions come from constraints.txt. pip resolves them for both processors and reports which file it
would take; only hashes are written, so any index with the same files works.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
OUT = PROJECT / "deploy" / "requirements.txt"
EXTRAS = ("nightly", "postgres", "web", "pdf")
BUILD = ("setuptools", "wheel")  # they build the program, without downloading anything unlisted
PROCESSORS = ("x86_64", "aarch64")
# Up to glibc 2.36, the minimum of the base image.
_LIBC = ("manylinux2014", *(f"manylinux_2_{minor}" for minor in range(36, 16, -1)))
_HEAD = """\
# What deploy/Dockerfile installs: exact versions, and the SHA-256 of each file that pip may take.
# Written by `python -m scripts.hashes` from constraints.txt; for Linux on x86_64 and aarch64, Python 3.11.
"""


def asked() -> list[str]:
    """Return the requirements of the program with its extras from pyproject.toml."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    return [*project["dependencies"], *(one for name in EXTRAS for one in extras[name]), *BUILD]


def resolved(processor: str) -> Iterator[tuple[str, str, str]]:
    """Yield name, version and hash of every file that pip takes for a processor."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        platforms = [w for libc in _LIBC for w in ("--platform", f"{libc}_{processor}")]
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "install", "--quiet", "--dry-run"),
                *("--ignore-installed", "--only-binary", ":all:", "--target", folder),
                *("--python-version", "3.11", "--implementation", "cp", *platforms),
                *("--constraint", str(PROJECT / "constraints.txt"), "--report", str(report)),
                *asked(),
            ],
            check=True,
            # Only the index: local files may have been built on this machine.
            env={**os.environ, "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""},
        )
        for one in json.loads(report.read_bytes())["install"]:
            name = re.sub(r"[-_.]+", "-", one["metadata"]["name"]).lower()
            digest = one["download_info"]["archive_info"]["hashes"]["sha256"]
            yield name, one["metadata"]["version"], digest


def main() -> None:
    hashes: dict[tuple[str, str], set[str]] = {}
    for processor in PROCESSORS:
        for name, version, digest in resolved(processor):
            hashes.setdefault((name, version), set()).add(digest)
    lines = [
        " \\\n    ".join([f"{name}=={version}", *(f"--hash=sha256:{d}" for d in sorted(digests))])
        for (name, version), digests in sorted(hashes.items())
    ]
    OUT.write_text(_HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{OUT.relative_to(PROJECT)}: {len(lines)} packages")


if __name__ == "__main__":
    main()
