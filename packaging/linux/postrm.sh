#!/bin/sh
# After removal: settings, journal and key stay, unless dpkg is told to purge. rpm knows no purge; docs say what to rm.
set -eu
if [ "${1-}" = purge ]; then
  rm -rf /etc/rollcall /etc/systemd/system/rollcall.service.d /var/lib/private/rollcall /var/lib/private/rollcall-once
  rm -f /var/lib/rollcall /var/lib/rollcall-once
fi
case "${1-}" in remove | purge | 0)
  rmdir /run/rollcall-probe 2>/dev/null || true
  if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    systemctl reset-failed --quiet rollcall.service 2>/dev/null || true
  fi
  ;;
esac
