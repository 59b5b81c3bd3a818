#!/bin/sh
# The libraries of the system that PDF needs: Pango and HarfBuzz, which lay out text, and the fonts that
# the pages were measured in (Liberation Sans is as wide as Arial; DejaVu has the signs);
# and openssl, which makes the certificates of the tests of mail.
# Quiet where they are there. Installs them where it may (Debian or Ubuntu, as root); where it may
# not it says what to do, and everything but PDF works without them.
set -u

packages="libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core fonts-liberation openssl"

missing=
if command -v dpkg-query >/dev/null 2>&1; then
    for package in $packages; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
            missing="$missing $package"
    done
elif ! "${1:-.venv/bin/python}" -c 'import weasyprint' >/dev/null 2>&1; then
    missing=" pango"
fi
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing what PDF and the tests of mail need:$missing"
    export DEBIAN_FRONTEND=noninteractive
    # The list of packages may be empty or old; it is fetched only where that is so.
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1 ||
        { apt-get update -qq >/dev/null 2>&1 &&
            apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1; } &&
        exit 0
fi

echo "qi-checker: PDF needs libraries that are not installed:$missing" >&2
echo "Debian, Ubuntu: sudo apt install$missing; macOS: brew install pango" >&2
exit 0
