#!/bin/sh
# Install what the tests need and run them; arguments go to pytest.
set -eu
cd "$(dirname "$0")/.."
. packaging/environment.sh
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  # Real MCP servers and clients come from npm; network namespaces from iproute2.
  debian_packages npm:npm ip:iproute2 unshare:util-linux git:git
fi
environment requirements-test.lock
exec .venv/bin/python -m pytest "$@"
