#!/bin/sh
# Installs what is missing, without a question: `install-packages.sh run` what
# building and serving need, `install-packages.sh test` what tests need too.
# As root, or as a user with sudo. Services of the distribution stay off.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
lists="$root/tools/packages-run.txt"
[ "${1:-run}" = test ] && lists="$lists $root/tools/packages-test.txt"

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

missing=
# shellcheck disable=SC2013,SC2086  # lists of words
for package in $(cat $lists); do
    [ "$package" = npm ] && command -v npm >/dev/null 2>&1 && continue
    [ "$package" = nodejs ] && command -v node >/dev/null 2>&1 && continue
    [ "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null)" = "install ok installed" ] ||
        missing="$missing $package"
done
if [ -n "$missing" ]; then
    echo "installing$missing"
    # Our own programs start the servers: the distribution's must not.
    as_root mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
        echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
    policy=/usr/sbin/policy-rc.d
    ours=
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
        as_root chmod 755 $policy
        ours=yes
    fi
    failed=
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq || true
    # shellcheck disable=SC2086  # a list of packages
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null || failed=yes
    [ -z "$ours" ] || as_root rm -f $policy
    if [ -n "$failed" ]; then
        echo "tulou: the packages could not be installed:$missing" >&2
        exit 1
    fi
fi
# Started as root, everything runs as the first account, and the embedded database as
# the second, so that no area reaches its files or its owner.
if [ "$(id -u)" = 0 ]; then
    for account in "${TULOU_USER:-tulou}" "${TULOU_USER:-tulou}-db"; do
        id -u "$account" >/dev/null 2>&1 || useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin "$account" ||
            id -u "$account" >/dev/null # of two that make it at once one does
    done
fi
# Tests and benchmarks use servers of npm's that want a newer Node than Debian 12
# has; the Makefile puts this one first in PATH.
npm_ci() {
    folder=$1
    shift
    (cd "$folder" && npm ci --loglevel=error --no-audit --no-fund "$@" >/dev/null) && return
    echo "tulou: what $folder/package-lock.json names could not be installed: npm says why above" >&2
    exit 1
}
if [ "${1:-run}" = test ] && ! [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ]; then
    npm_ci "$root/tools/node"
fi
modules="$root/node_modules/.tulou-$(sha256sum "$root/package-lock.json" | cut -c1-16)-${1:-run}"
full="$root/node_modules/.tulou-$(sha256sum "$root/package-lock.json" | cut -c1-16)-test"
if [ ! -e "$modules" ] && [ ! -e "$full" ]; then
    if [ "${1:-run}" = test ]; then npm_ci "$root"; else npm_ci "$root" --omit=dev; fi
    touch "$modules"
fi
