#!/bin/sh
# Whether Rollcall is installed and well. Exit status: 0 well, 3 look at it, 1 something is wrong, 127 not installed.
rollcall=/opt/rollcall/bin/rollcall
[ -x "$rollcall" ] || { echo "Rollcall is not installed"; exit 127; }
exec "$rollcall" --config /etc/rollcall/config.toml doctor
