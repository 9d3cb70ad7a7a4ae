#!/bin/sh
# Install what the tests need and run them. Arguments go to pytest.
set -eu
CDPATH='' cd -- "$(dirname -- "$0")/.."
. packaging/environment.sh
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  # Real clients and MCP servers come from npm, real machines from debootstrap and systemd-nspawn; an auditor has jq, and
  # whoever gets a report has a browser. Targets stand behind nginx, and rsyslog is one; faketime sets a process's clock.
  debian_packages git:git ps:procps ip:iproute2 unshare:util-linux npm:npm debootstrap:debootstrap \
    systemd-nspawn:systemd-container minisign:minisign jq:jq openssl:openssl rpm:rpm shellcheck:shellcheck \
    chromium:chromium nginx:nginx-light rsyslogd:"rsyslog rsyslog-openssl" faketime:faketime ||
    say "some packages are missing: the tests that need them will be skipped"
fi
environment requirements-test.lock
[ $# -eq 0 ] || exec .venv/bin/python -m pytest "$@"
# What starts daemons, clients and machines runs after the many small tests: it mostly waits, so three files at a time,
# the longest first. What asks whether a life of 50 ms is seen runs alone.
alone=tests/e2e/test_runtime.py
status=0
.venv/bin/python -m pytest -n 3 --dist loadfile --ignore tests/e2e --ignore tests/conformance --ignore tests/hostile ||
  status=$?
.venv/bin/python -m pytest -n 3 --dist loadfile tests/conformance tests/e2e tests/hostile --ignore $alone || status=$?
.venv/bin/python -m pytest $alone || status=$?
exit "$status"
