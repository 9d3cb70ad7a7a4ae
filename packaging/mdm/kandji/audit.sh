#!/bin/sh
# Kandji audit script: status 1 asks for the installation.
wanted=${ROLLCALL_VERSION:-0.1.0}
[ -x /opt/rollcall/bin/rollcall ] || { echo "absent"; exit 1; }
[ "$(/opt/rollcall/bin/rollcall --version)" = "rollcall $wanted" ] || { echo "another version"; exit 1; }
echo "rollcall $wanted is installed"
