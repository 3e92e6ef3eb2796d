#!/bin/sh
# Makes the virtual environment $2 with the interpreter $1 and what requirements-dev.txt locks.
set -eu
python=$1 venv=$2

fail() {
    echo "$1" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 ||
    fail "There is no $python: install Python 3.11, 3.12 or 3.13, or name one with PYTHON=."
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' ||
    fail "$python is not Python 3.11, 3.12 or 3.13, as Lambda runs them: name one with PYTHON=."
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    # Debian keeps this part of Python in a package of its own.
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 ||
        fail "$python cannot make virtual environments: install python3-venv."
    apt-get -qq update && apt-get -qq install --yes python3-venv >/dev/null ||
        fail "python3-venv could not be installed with apt-get."
fi
echo "Making $venv (once)"
rm -rf "$venv"
"$python" -m venv "$venv"
"$venv/bin/pip" install --quiet --quiet --disable-pip-version-check --require-hashes \
    --requirement requirements-dev.txt
