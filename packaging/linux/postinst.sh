#!/bin/sh
# After a version was unpacked: dpkg says configure and the version before, rpm 1 or 2.
set -eu
/opt/rollcall/lib/choose-libc
# Not a configuration file in dpkg's sense: where an MDM has put its own, nobody is there to answer a question. And no
# copy of the example, which would hold on to today's defaults for years.
if [ ! -e /etc/rollcall/config.toml ]; then
  install -d -m 0755 /etc/rollcall
  echo "# What is not said here has its default: /opt/rollcall/share/config.example.toml lists all." \
    >/etc/rollcall/config.toml
  chmod 0644 /etc/rollcall/config.toml
fi
command -v systemctl >/dev/null || exit 0
case "$1 ${2-}" in "configure " | "1 ") systemctl enable --quiet rollcall.service ;; esac
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
# Whoever switched it off keeps it off. What is wrong with its settings, its log and `rollcall doctor` say.
if systemctl is-enabled --quiet rollcall.service; then
  systemctl start --no-block rollcall.service
fi
