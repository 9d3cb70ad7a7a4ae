#!/bin/sh
# Remove Rollcall from a Mac. Settings and journal stay; --purge removes them too. Run as root.
set -eu
[ "$(id -u)" = 0 ] || { echo "run this as root" >&2; exit 1; }
case ${1-} in "" | --purge) ;; *) echo "usage: uninstall.sh [--purge]" >&2; exit 2 ;; esac
launchctl bootout system/dev.rollcall.agent 2>/dev/null || true
rm -f /Library/LaunchDaemons/dev.rollcall.agent.plist /etc/newsyslog.d/rollcall.conf /usr/local/bin/rollcall
rm -rf /opt/rollcall
pkgutil --forget dev.rollcall.agent >/dev/null 2>&1 || true
[ "${1-}" != --purge ] || rm -rf /etc/rollcall "/Library/Application Support/Rollcall" /var/log/rollcall.log*
