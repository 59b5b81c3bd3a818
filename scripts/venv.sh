#!/bin/sh
# Make a virtual environment with a Python that is new enough: scripts/venv.sh .venv
# PYTHON=/path/to/python chooses one. Does nothing where the environment is there and works.
set -eu

target=$1
new_enough='import sys; sys.exit(sys.version_info < (3, 11))'

works() {
    "$1" -c "$new_enough" >/dev/null 2>&1
}

can_make() {
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1
}

if [ -x "$target/bin/python" ] && works "$target/bin/python" &&
    "$target/bin/python" -m pip --version >/dev/null 2>&1; then
    exit 0
fi

# The system's own Python comes first if it can make environments: a Python that pyenv compiled with
# its defaults took 0.25 s of processor time for a loop of calls, objects and JSON, Debian's 0.19 to
# 0.21 s, and the tests spend their time in Python.
python=
for candidate in ${PYTHON:+"$PYTHON"} /usr/bin/python3 python3.11 python3 python3.12 python3.13 python3.14; do
    if works "$candidate"; then
        python=$candidate
        can_make "$candidate" && break
    elif [ -n "${PYTHON:-}" ]; then
        echo "qi-checker: $PYTHON is no Python 3.11 or newer." >&2
        exit 2
    fi
    [ -z "${PYTHON:-}" ] || break
done
if [ -z "$python" ]; then
    echo "qi-checker: needs Python 3.11 or newer, and found none." >&2
    echo "Install it (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install" >&2
    echo "python@3.11), or name it: make PYTHON=/path/to/python3 ..." >&2
    exit 2
fi

# On Debian and Ubuntu, ensurepip is a package of its own.
if ! can_make "$python"; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "qi-checker: $python cannot make virtual environments, because ensurepip is missing." >&2
    echo "Install it (Debian, Ubuntu: apt install python$version-venv), and run make again." >&2
    exit 2
fi

echo "Making a virtual environment in $target with $("$python" --version)"
exec "$python" -m venv --clear "$target"
