# shellcheck shell=sh
# For the scripts beside it: .venv in the checkout, with Rollcall and the locked versions of what it needs.
# POSIX sh and the options that GNU and BSD tools share: Debian's dash and macOS run this.

say() { echo "rollcall: $*" >&2; }

# debian_packages COMMAND:PACKAGE… installs each package whose command is missing; fails where it cannot.
debian_packages() {
  missing=
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair#*:}"
  done
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null || return 1
  as_root=
  [ "$(id -u)" = 0 ] || as_root=sudo
  say "installing Debian packages:$missing"
  $as_root apt-get update -qq </dev/null >/dev/null || return 1
  # shellcheck disable=SC2086 # a list of package names
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends -o Dpkg::Use-Pty=0 $missing \
    </dev/null >/dev/null
}

# suitable_python: the first Python on the path that is new enough.
suitable_python() {
  for name in python3 python3.14 python3.13 python3.12 python3.11; do
    found=$(command -v "$name") || continue
    # Apple's stand-in is too old, and where the developer tools are missing it opens a dialog.
    [ "$(uname):$found" = Darwin:/usr/bin/python3 ] && continue
    if "$found" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$found"
      return
    fi
  done
  say "needs Python 3.11 or newer"
  return 1
}

# new_environment: an empty .venv.
new_environment() {
  python=$(suitable_python) || return 1
  say "installing into $PWD/.venv"
  # Debian ships Python without the part that puts pip into a virtual environment.
  if ! "$python" -c 'import ensurepip' 2>/dev/null && ! debian_packages no-such-command:python3-venv; then
    say "this Python cannot make virtual environments; on Debian: apt-get install python3-venv"
    return 1
  fi
  "$python" -m venv --clear .venv >&2
}

# environment LOCK: .venv, made or brought up to date. The current folder is the checkout.
environment() {
  .venv/bin/python -m pip --version >/dev/null 2>&1 || new_environment || exit 1
  set -- --requirement "$1" --requirement packaging/build.lock
  .venv/bin/python -m pip install --quiet --no-input --disable-pip-version-check --require-hashes "$@" >&2
  # Editable: what runs is the checkout as it is now. Without isolation: the locked build tools, no others.
  .venv/bin/python -m pip install --quiet --no-input --disable-pip-version-check --no-deps --no-build-isolation \
    --editable . >&2
}
