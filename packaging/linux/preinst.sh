#!/bin/sh
# Before a version is unpacked: dpkg says install or upgrade, rpm 1 or 2.
set -eu
schema=@SCHEMA@
say() { echo "rollcall: $*" >&2; }

if [ -e /opt/rollcall/pyvenv.cfg ]; then
  say "/opt/rollcall was installed from a checkout; first run packaging/systemd/uninstall.sh there (it keeps the journal)"
  exit 1
fi
for journal in /var/lib/private/rollcall/journal.db /var/lib/rollcall/journal.db; do
  [ -f "$journal" ] || continue
  # PRAGMA user_version: four bytes, the highest first, at offset 60 of every SQLite file.
  # shellcheck disable=SC2046 # four numbers
  set -- $(od -An -tu1 -j60 -N4 "$journal") "$@"
  if [ $((($1 << 24) + ($2 << 16) + ($3 << 8) + $4)) -gt "$schema" ]; then
    say "$journal was written by a newer version, and this one could not read it"
    say "keep the newer version, or move the journal away: then a new one begins"
    exit 1
  fi
  shift 4
  break
done
# Its modules are about to be replaced under it.
if [ -d /run/systemd/system ]; then
  systemctl stop rollcall.service 2>/dev/null || true
fi
