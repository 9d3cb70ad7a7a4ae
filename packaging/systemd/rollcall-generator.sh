#!/bin/sh
# Kernels before 6.6 tell of process events only whoever may configure the network: there, and only there, the service gets
# CAP_NET_ADMIN. systemd runs this at boot and at each daemon-reload, with the folder for what is generated.
set -eu
release=$(uname -r)
major=${release%%.*} rest=${release#*.}
minor=${rest%%[!0-9]*}
[ $((major * 1000 + minor)) -lt 6006 ] || exit 0
mkdir -p "$1/rollcall.service.d"
cat >"$1/rollcall.service.d/process-events.conf" <<UNIT
[Service]
AmbientCapabilities=CAP_NET_ADMIN
CapabilityBoundingSet=CAP_NET_ADMIN
UNIT
