#!/bin/sh
# Intune script (macOS): put the collector's token between the quotes of a copy that only Intune holds.
set -eu
token=""
[ -n "$token" ] || { echo "the token is missing" >&2; exit 2; }
install -d -m 0755 /etc/rollcall
umask 077
printf '%s\n' "$token" >/etc/rollcall/token.new
mv /etc/rollcall/token.new /etc/rollcall/token
