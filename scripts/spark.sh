#!/bin/sh
# Java for the tests of the engine that runs on Spark; Spark itself comes with pip. Quiet where it is
# there. Installs it where it may (Debian or Ubuntu, as root); where it may not it says what to do, and
# those tests are skipped.
set -u

command -v java >/dev/null 2>&1 && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Java for the tests"
    export DEBIAN_FRONTEND=noninteractive
    for java in openjdk-17-jre-headless openjdk-21-jre-headless; do
        apt-get install -y -qq --no-install-recommends "$java" >/dev/null 2>&1 ||
            { apt-get update -qq >/dev/null 2>&1 &&
                apt-get install -y -qq --no-install-recommends "$java" >/dev/null 2>&1; } &&
            exit 0
    done
fi

echo "qi-checker: Java is not installed; the tests on Spark are skipped." >&2
echo "Debian, Ubuntu: sudo apt install openjdk-17-jre-headless" >&2
exit 0
