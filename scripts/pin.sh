#!/bin/sh
# Write constraints.txt anew: the newest versions that pyproject.toml allows, for Python 3.11.
# Run it after a dependency was added or when the pins should move; then run `make test`.
set -eu
cd "$(dirname "$0")/.."
fresh=build/pin
rm -rf "$fresh"
PYTHON=${PYTHON:-python3.11} sh scripts/venv.sh "$fresh"
"$fresh/bin/python" -m pip install --quiet --upgrade "setuptools>=77"
"$fresh/bin/python" -m pip install --quiet --no-build-isolation --editable ".[dev]"
{
    echo "# What make installs: exact versions of everything, for Python 3.11. Written by scripts/pin.sh."
    "$fresh/bin/python" -m pip freeze --all --exclude-editable | grep -v '^pip=='
} > constraints.txt
rm -rf "$fresh"
"${PYTHON:-python3.11}" -m scripts.hashes
echo "constraints.txt holds $(grep -c == constraints.txt) versions"
