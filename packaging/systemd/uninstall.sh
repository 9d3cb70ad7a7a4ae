#!/bin/sh
# Remove the service and the program. Settings and journal stay; --purge removes them too. Run as root.
set -eu
[ "$(id -u)" = 0 ] || { echo "run this as root" >&2; exit 1; }
case ${1-} in "" | --purge) ;; *) echo "usage: uninstall.sh [--purge]" >&2; exit 2 ;; esac

if [ -e /etc/systemd/system/rollcall.service ]; then
  systemctl disable --now --quiet rollcall.service
  systemctl stop rollcall-probe.socket
  rmdir /run/rollcall-probe 2>/dev/null || true
  rm -f /etc/systemd/system/rollcall.service /etc/systemd/system/rollcall-probe* /etc/systemd/system-generators/rollcall
  systemctl daemon-reload
  # What it last ended with is of no interest any more.
  systemctl reset-failed --quiet rollcall.service 2>/dev/null || true
fi
rm -rf /opt/rollcall
if [ "${1-}" = --purge ]; then
  rm -rf /etc/rollcall /etc/systemd/system/rollcall.service.d /var/lib/private/rollcall
  rm -f /var/lib/rollcall
fi
