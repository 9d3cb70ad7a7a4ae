#!/bin/sh
# Fleet install script (Linux): INSTALLER_PATH is the package that Fleet put there.
set -eu
case $INSTALLER_PATH in
  *.deb) dpkg --install "$INSTALLER_PATH" ;;
  *.rpm) rpm --upgrade --oldpackage "$INSTALLER_PATH" ;;
  *) echo "neither deb nor rpm: $INSTALLER_PATH" >&2; exit 2 ;;
esac
