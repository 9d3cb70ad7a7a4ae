#!/bin/sh
# Jamf extension attribute: how Rollcall is.
if [ ! -x /opt/rollcall/bin/rollcall ]; then
  echo "<result>absent</result>"
  exit 0
fi
/opt/rollcall/bin/rollcall --config /etc/rollcall/config.toml doctor >/dev/null 2>&1
case $? in
  0) echo "<result>well</result>" ;;
  3) echo "<result>look</result>" ;;
  *) echo "<result>wrong</result>" ;;
esac
