#!/bin/sh
# Install Rollcall into .venv beside this folder and print the inventory of this machine; arguments go to rollcall.
set -eu
cd "$(dirname "$0")/.."
. packaging/environment.sh
environment requirements.lock
exec .venv/bin/rollcall --once "$@"
