#!/bin/sh
# Remove the service and the program. The settings and the journal stay; `--purge` removes them too. Run as root.
set -eu
[ "$(id -u)" = 0 ] || { echo "run this as root" >&2; exit 1; }
systemctl disable --now --quiet rollcall.service 2>/dev/null || true
rm -f /etc/systemd/system/rollcall.service
systemctl daemon-reload
rm -rf /opt/rollcall
if [ "${1:-}" = --purge ]; then
  rm -rf /etc/rollcall /var/lib/rollcall /var/lib/private/rollcall
fi
