#!/bin/sh
# Install Rollcall as a systemd service: program in /opt/rollcall, settings in /etc/rollcall. Run as root, again to update.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
[ "$(id -u)" = 0 ] || { echo "run this as root" >&2; exit 1; }
command -v systemctl >/dev/null || { echo "this machine has no systemd" >&2; exit 1; }

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Rollcall needs Python 3.11 or newer" >&2; exit 1; }
"$python" -c 'import ensurepip, venv' 2>/dev/null || {
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv
}
"$python" -m venv /opt/rollcall
/opt/rollcall/bin/pip install --quiet --disable-pip-version-check --require-hashes -r "$source/requirements.lock"
/opt/rollcall/bin/pip install --quiet --disable-pip-version-check --no-deps --force-reinstall "$source"
# The service cannot write here: compiled once, or every start pays for it.
/opt/rollcall/bin/python -m compileall -q /opt/rollcall/lib >/dev/null || true

install -d -m 0755 /etc/rollcall
[ -e /etc/rollcall/config.toml ] || install -m 0644 "$source/config.example.toml" /etc/rollcall/config.toml
/opt/rollcall/bin/rollcall config check /etc/rollcall/config.toml
install -m 0644 "$here/rollcall.service" /etc/systemd/system/rollcall.service
systemctl daemon-reload
systemctl enable --quiet rollcall.service
systemctl restart rollcall.service
systemctl --no-pager --lines=0 status rollcall.service
