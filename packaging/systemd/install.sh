#!/bin/sh
# Install Rollcall from this checkout as a systemd service, or update it: the program to /opt/rollcall, the settings to
# /etc/rollcall. Run as root. PYTHON names another interpreter than python3.
set -eu
umask 022
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
checkout=$(dirname "$(dirname "$here")")
python=${PYTHON:-python3}
[ "$(id -u)" = 0 ] || { echo "run this as root" >&2; exit 1; }
command -v systemctl >/dev/null || { echo "this machine has no systemd" >&2; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Rollcall needs Python 3.11 or newer" >&2; exit 1; }
"$python" -c 'import ensurepip' 2>/dev/null || { echo "first: apt-get install python3-venv" >&2; exit 1; }

# Everything that can fail for want of a network happens here, before what is installed is touched.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m venv "$work/builder"
pip() { "$work/builder/bin/python" -m pip --quiet --no-input --disable-pip-version-check "$@"; }
pip install --require-hashes --requirement "$checkout/packaging/build.lock"
pip wheel --require-hashes --requirement "$checkout/requirements.lock" --wheel-dir "$work/wheels"
# A copy, as a build leaves folders behind in what it builds.
mkdir "$work/source"
cp -R "$checkout/agent" "$checkout/collectors" "$checkout/LICENSE" "$checkout/pyproject.toml" "$work/source"
[ ! -e "$checkout/README.md" ] || cp "$checkout/README.md" "$work/source"
pip wheel --no-deps --no-build-isolation --wheel-dir "$work/wheels" "$work/source"

if systemctl is-active --quiet rollcall.service; then
  systemctl stop rollcall.service
fi
"$python" -m venv --clear --without-pip /opt/rollcall
# pip also compiles it; the service cannot write there, and each start would pay for it.
pip --python /opt/rollcall/bin/python install --no-index --no-deps "$work"/wheels/*.whl
# The unit runs without docstrings, which take two megabytes: another kind of compiled file.
/opt/rollcall/bin/python -OO -m compileall -q /opt/rollcall/lib

install -d -m 0755 /etc/rollcall
[ -e /etc/rollcall/config.toml ] || install -m 0644 "$checkout/config.example.toml" /etc/rollcall/config.toml
/opt/rollcall/bin/rollcall config check /etc/rollcall/config.toml
for unit in rollcall.service rollcall-probe.socket rollcall-probe@.service; do
  install -m 0644 "$here/$unit" "/etc/systemd/system/$unit"
done
install -D -m 0755 "$here/rollcall-generator.sh" /etc/systemd/system-generators/rollcall
systemctl daemon-reload
systemctl enable --quiet rollcall.service
systemctl start rollcall.service
systemctl --no-pager --lines=0 status rollcall.service
