#!/usr/bin/env bash
# Formatting, lint, types, and the walls between the packages.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
$bin/ruff format --check --quiet . || { echo "Run: .venv/bin/ruff format ." >&2; exit 1; }
$bin/ruff check --quiet .
$bin/mypy
$bin/lint-imports --no-cache 2>&1 | tail -n 12
exit "${PIPESTATUS[0]}"
