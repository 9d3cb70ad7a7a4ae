#!/bin/sh
# Build dist/Rollcall-VERSION.pkg on a Mac: packaging/macos/build.sh PYTHON_TREE
# PYTHON_TREE is the unpacked `install_only` archive of CPython 3.11 from python-build-standalone, which runs wherever it
# is put; check its SHA-256 against the release's before. INSTALLER_IDENTITY, the name of a "Developer ID Installer"
# certificate, signs the package; CODE_IDENTITY, of a "Developer ID Application" one, what is in it.
set -eu
[ "$(uname)" = Darwin ] || { echo "pkgbuild and productbuild are only on macOS" >&2; exit 1; }
[ -x "${1:?usage: build.sh PYTHON_TREE}/bin/python3.11" ] || { echo "$1 holds no bin/python3.11" >&2; exit 2; }
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
checkout=$(dirname "$(dirname "$here")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' "$checkout/agent/__init__.py")
tree=$work/root/opt/rollcall

mkdir -p "$tree" "$work/root/Library/LaunchDaemons" "$work/root/usr/local/bin" "$work/root/etc/newsyslog.d"
cp -R "$1/." "$tree"
ln -sf python3.11 "$tree/bin/python"
pip() { "$tree/bin/python" -m pip --quiet --no-input --disable-pip-version-check "$@"; }
"$tree/bin/python" -m venv "$work/builder"
"$work/builder/bin/python" -m pip install --quiet --require-hashes --requirement "$checkout/packaging/build.lock"
"$work/builder/bin/python" -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir "$work" "$checkout"
pip install --require-hashes --requirement "$checkout/requirements.lock"
pip install --no-deps --no-index "$work"/rollcall_agent-*.whl
"$tree/bin/python" -OO -m compileall -q "$tree/lib" || true
install -m 0755 "$checkout/packaging/linux/rollcall.sh" "$tree/bin/rollcall"
ln -s /opt/rollcall/bin/rollcall "$work/root/usr/local/bin/rollcall"
install -m 0644 "$checkout/packaging/launchd/dev.rollcall.agent.plist" "$work/root/Library/LaunchDaemons"
install -m 0644 "$here/newsyslog.conf" "$work/root/etc/newsyslog.d/rollcall.conf"
if [ -n "${CODE_IDENTITY-}" ]; then
  find "$tree" -type f \( -name '*.so' -o -name '*.dylib' -o -perm -0100 \) -exec \
    codesign --force --timestamp --options runtime --sign "$CODE_IDENTITY" {} +
fi

pkgbuild --root "$work/root" --identifier dev.rollcall.agent --version "$version" --ownership recommended \
  --component-plist "$here/component.plist" --scripts "$here/scripts" "$work/rollcall.pkg"
mkdir -p "$checkout/dist"
sed "s/@VERSION@/$version/" "$here/distribution.xml" >"$work/distribution.xml"
set -- --distribution "$work/distribution.xml" --package-path "$work"
[ -z "${INSTALLER_IDENTITY-}" ] || set -- "$@" --sign "$INSTALLER_IDENTITY"
productbuild "$@" "$checkout/dist/Rollcall-$version.pkg"
echo "$checkout/dist/Rollcall-$version.pkg"
