#!/usr/bin/env bash
# The phone's texts: collect them from code and kv, bring the catalogues up to date, compile them.
# A text without its Vietnamese is named, and the exit code is 1. Needs Babel (make setup-test).
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
exec "$python" deploy/messages.py "$@"
