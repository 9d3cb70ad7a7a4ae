#!/bin/sh
# Intune custom compliance (Linux): one line of JSON.
state=1
if [ -x /opt/rollcall/bin/rollcall ]; then
  /opt/rollcall/bin/rollcall --config /etc/rollcall/config.toml doctor >/dev/null 2>&1
  state=$?
fi
[ "$state" = 1 ] && well=false || well=true
printf '{"RollcallWell": %s}\n' "$well"
