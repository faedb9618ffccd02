#!/bin/sh
# Runs the drills, long exercises of failures. They need PostgreSQL, Redis and Ceph's RGW (an S3 that checks signatures),
# which come from apt where they are missing; what cannot be had is skipped, and says so. WHOLE=1 adds those that take half an hour.
# Two files at once: most of a drill is waiting, for what has died to be noticed. Arguments are pytest's.
set -eu
CDPATH='' cd -- "$(dirname -- "$0")/.."

missing=
command -v redis-server >/dev/null || missing="$missing redis-server"
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || command -v postgres >/dev/null || missing="$missing postgresql"
command -v radosgw >/dev/null || missing="$missing radosgw ceph-osd ceph-mon"
if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    printf 'drills: installing%s\n' "$missing" >&2
    # shellcheck disable=SC2086
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
        -o DPkg::Lock::Timeout=600 $missing; } >.tools/drills.log 2>&1 || printf 'drills: not installed, see .tools/drills.log\n' >&2
fi
what='drill and not whole'
[ -z "${WHOLE-}" ] || what=drill
exec .venv/bin/python -m pytest -m "$what" -n 2 --dist loadfile "$@"
