# For the scripts beside it: make .venv with Rollcall and the locked versions of what it needs.

# debian_packages COMMAND:PACKAGE… installs each package whose command is missing.
debian_packages() {
  missing=
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair#*:}"
  done
  [ -z "$missing" ] && return 0
  root=
  [ "$(id -u)" = 0 ] || root=sudo
  # shellcheck disable=SC2086 # a list of package names
  $root apt-get update -qq >&2 && $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2
}

# environment LOCK: the virtual environment, made or brought up to date.
environment() {
  python=
  for name in python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
      python=$name
      break
    fi
  done
  [ -n "$python" ] || { echo "Rollcall needs Python 3.11 or newer" >&2; exit 1; }
  # Debian ships Python without the means to make a virtual environment.
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    debian_packages "no-such-command:python3-venv"
  fi
  [ -x .venv/bin/pip ] || "$python" -m venv .venv >&2
  .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r "$1" >&2
  .venv/bin/pip install --quiet --disable-pip-version-check --no-deps . >&2
}
