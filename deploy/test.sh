#!/usr/bin/env bash
# All tests, two at a time, in random order, with no network but loopback.
set -euo pipefail
cd "$(dirname "$0")/.."
export SDL_VIDEODRIVER=${SDL_VIDEODRIVER:-offscreen}
exec .venv/bin/python -m pytest -n 2 --dist loadgroup "$@"
