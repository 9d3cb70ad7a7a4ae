#!/bin/sh
# Install Rollcall into .venv of this checkout and print the inventory of this machine. Arguments go to rollcall.
set -eu
checkout=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
(
  cd "$checkout"
  . packaging/environment.sh
  environment requirements.lock
)
exec "$checkout/.venv/bin/rollcall" --once "$@"
