#!/bin/sh
# Before a version is removed: dpkg says remove or upgrade, rpm 0 or 1. An upgrade stops the service by itself.
set -eu
case "${1-}" in remove | 0) ;; *) exit 0 ;; esac
command -v systemctl >/dev/null || exit 0
if [ -d /run/systemd/system ]; then
  systemctl disable --now --quiet rollcall.service rollcall-once.timer || true
else
  systemctl disable --quiet rollcall.service rollcall-once.timer || true
fi
