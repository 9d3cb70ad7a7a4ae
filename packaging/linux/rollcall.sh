#!/bin/sh
# Isolated: no variable of the environment and no folder of the caller brings code into it.
exec /opt/rollcall/bin/python -I -OO -m agent "$@"
