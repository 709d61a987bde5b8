#!/usr/bin/env bash
# Build the Android package: `bash deploy/android.sh debug` (or `release`). Needs buildozer (pip install buildozer cython),
# a JDK 17 and what buildozer's page lists for this system; it downloads the Android SDK and NDK the first time.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:-debug}
command -v buildozer >/dev/null || { echo "buildozer is missing: pip install buildozer cython" >&2; exit 1; }
stage=build/android
mkdir -p "$stage"
# Only what the phone carries; .buildozer stays, so that a second build is quick.
rm -rf "$stage"/{schemas,sync,mobile,main.py}
cp -r schemas sync mobile "$stage"/
find "$stage" -name __pycache__ -prune -exec rm -rf {} +
cp mobile/buildozer.spec "$stage"/
printf '"""Where python-for-android begins."""\n\nfrom mobile.__main__ import main\n\nmain([])\n' >"$stage"/main.py
cd "$stage"
exec buildozer android "$kind"
