#!/usr/bin/env bash
# The app's and the pages' texts: collect them, bring the catalogues up to date, compile them.
# A text of the app without its Vietnamese is named, and the exit code is 1; a sentence of the pages without its English
# fails tests/server/test_web_words.py. Needs Babel (make setup-test).
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
pages=server/web/translations
$bin/pybabel -q extract -F server/web/babel.cfg -k lazy_gettext --no-location --sort-output --omit-header -o $pages/messages.pot server/web
$bin/pybabel -q update -N --ignore-obsolete --ignore-pot-creation-date -i $pages/messages.pot -d $pages
$bin/pybabel -q compile -d $pages
exec "${PYTHON:-$bin/python}" deploy/messages.py "$@"
