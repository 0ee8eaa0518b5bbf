# What the scripts share; sourced by sh and bash alike.
# shellcheck shell=sh

# die MESSAGE: say it and stop.
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

have() {
    command -v "$1" >/dev/null 2>&1
}

# java_major JAVA: its major version, from the release file beside it when
# there is one (starting a JVM to ask takes a quarter of a second).
java_major() {
    java_release=$(dirname "$(dirname "$(readlink -f "$1")")")/release
    if [ -r "$java_release" ]; then
        sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$java_release"
    else
        "$1" -version 2>&1 | sed -n '1s/.*"\([0-9]*\).*/\1/p'
    fi
}

# find_java MINIMUM: the first java that is new enough, of JAVA_HOME, the path
# and the usual places.
find_java() {
    for java in "${JAVA_HOME:-/nowhere}/bin/java" "$(command -v java)" \
        /usr/lib/jvm/*/bin/java; do
        [ -x "$java" ] || continue
        java_version=$(java_major "$java")
        if [ "${java_version:-0}" -ge "$1" ]; then
            printf '%s\n' "$java"
            return 0
        fi
    done
    return 1
}
