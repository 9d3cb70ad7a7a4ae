#!/bin/sh
# Install what the tests need and run them. Arguments go to pytest.
set -eu
CDPATH='' cd -- "$(dirname -- "$0")/.."
. packaging/environment.sh
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  # Real clients and MCP servers come from npm, real machines from debootstrap and systemd-nspawn; an auditor has jq, and
  # whoever gets a report has a browser.
  debian_packages git:git ps:procps ip:iproute2 unshare:util-linux npm:npm debootstrap:debootstrap \
    systemd-nspawn:systemd-container minisign:minisign jq:jq openssl:openssl \
    chromium:chromium || say "some packages are missing: the tests that need them will be skipped"
fi
environment requirements-test.lock
[ $# -eq 0 ] || exec .venv/bin/python -m pytest "$@"
# The many small tests run side by side. What starts daemons, clients and machines, or measures, runs alone.
status=0
.venv/bin/python -m pytest -n auto --dist loadfile --ignore tests/e2e --ignore tests/conformance --ignore tests/hostile ||
  status=$?
.venv/bin/python -m pytest tests/e2e tests/conformance tests/hostile || status=$?
exit "$status"
