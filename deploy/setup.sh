#!/usr/bin/env bash
# Sets up what `make run` (mode: run) or `make test` (mode: test) needs, once; a later call finds it done and says nothing.
# Makes .venv; fetches Debian packages where it may (root, or sudo without a password); else says what is missing.
set -euo pipefail
mode=${1:-run}
cd "$(dirname "$0")/.."
venv=.venv

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo "$@"
  else return 1
  fi
}

apt_updated=no
apt_get() { # packages… ; false where packages cannot be installed here
  command -v apt-get >/dev/null || return 1
  if [ $apt_updated = no ]; then
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 || return 1
    apt_updated=yes
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

python=
for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
  if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
[ -n "$python" ] || { say "Thidua needs Python 3.11 or later. On Debian 12 or Ubuntu 24.04: apt-get install python3 python3-venv"; exit 1; }

if [ ! -x $venv/bin/python ]; then
  say "Making a virtual environment in $venv …"
  if ! "$python" -m venv $venv 2>/dev/null; then
    rm -rf $venv
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    apt_get "python$version-venv" || apt_get python3-venv || { say "Python's venv module is missing: apt-get install python3-venv"; exit 1; }
    "$python" -m venv $venv
  fi
fi

# Reinstalled only when what is asked for has changed.
wanted=$(cat pyproject.toml <(echo "$mode") | sha256sum | cut -d' ' -f1)
stamp=$venv/.installed-$mode
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
  extras=server,mobile
  [ "$mode" = test ] && extras=server,mobile,test
  say "Installing Python packages ($extras) …"
  $venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[$extras]"
  echo "$wanted" >"$stamp"
fi

[ "$mode" = test ] || exit 0

# What the tests that show things to people, and those with independent peers, need of the system.
missing=()
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
for library in libGL.so.1:libgl1 libEGL.so.1:libegl1 libmtdev.so.1:libmtdev1; do
  /sbin/ldconfig -p 2>/dev/null | grep -q "${library%%:*}" || missing+=("${library##*:}")
done
software_opengl() { compgen -G '/usr/lib/*/dri/swrast_dri.so' || compgen -G '/usr/lib/*/libgallium*.so'; }
software_opengl >/dev/null || missing+=(libgl1-mesa-dri)
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
if [ ${#missing[@]} -gt 0 ]; then
  say "Installing system packages: ${missing[*]} …"
  apt_get "${missing[@]}" || say "These could not be installed here: ${missing[*]}. Tests that need them are skipped, each with its reason."
fi

if command -v npm >/dev/null && [ -f tests/peers/package-lock.json ]; then
  lock=$(sha256sum tests/peers/package-lock.json | cut -d' ' -f1)
  if [ "$(cat tests/peers/node_modules/.installed 2>/dev/null)" != "$lock" ]; then
    say "Installing independent peers (PouchDB, pouchdb-server) for tests/peers …"
    if (cd tests/peers && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2); then
      echo "$lock" >tests/peers/node_modules/.installed
    else
      say "npm could not install them. Tests with PouchDB are skipped."
    fi
  fi
fi
