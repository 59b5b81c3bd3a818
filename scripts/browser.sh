#!/bin/sh
# The browser that pages are tested with, and that the pictures of the documentation are made with:
# Debian's Chromium. Quiet where it is there. Installs it where it may; where it may not it says what
# to do, and only those tests are skipped.
set -u

for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium, which tests pages"
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1 ||
        { apt-get update -qq >/dev/null 2>&1 &&
            apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1; } &&
        exit 0
fi

echo "qi-checker: tests of pages need Chromium: Debian: sudo apt install chromium" >&2
exit 0
