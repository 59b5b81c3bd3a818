#!/bin/sh
# PostgreSQL for the tests of the store and of the engine that reads it: the server's programs only;
# the tests start a cluster of their own. Quiet where they are there. Installs them where it may
# (Debian or Ubuntu, as root); where it may not it says what to do, and those tests are skipped.
set -u

ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing PostgreSQL for the tests"
    export DEBIAN_FRONTEND=noninteractive
    # Without a cluster that starts by itself: nothing listens on this machine afterwards.
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
        echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    apt-get install -y -qq --no-install-recommends postgresql >/dev/null 2>&1 ||
        { apt-get update -qq >/dev/null 2>&1 &&
            apt-get install -y -qq --no-install-recommends postgresql >/dev/null 2>&1; } &&
        exit 0
fi

echo "qi-checker: PostgreSQL is not installed; its tests are skipped." >&2
echo "Debian, Ubuntu: sudo apt install postgresql" >&2
exit 0
