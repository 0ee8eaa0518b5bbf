#!/usr/bin/env bash
# The versions of Kafka, Redis and Debian agree wherever they are named.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. scripts/versions

# property NAME: of pom.xml
property() {
    sed -n "s|.*<$1>\(.*\)</$1>.*|\1|p" scripts/kafka/pom.xml
}

# image SERVICE: of docker-compose.yml
image() {
    awk -v service="$1" '
        /^  [a-z]+:$/ { now = $1 }
        now == service ":" && $1 == "image:" { print $2 }' docker-compose.yml
}

equal "Kafka in pom.xml" "$KAFKA_VERSION" "$(property kafka.version)"
equal "slf4j in pom.xml" "$SLF4J_VERSION" "$(property slf4j.version)"
equal "Kafka in docker-compose.yml" "$KAFKA_IMAGE" "$(image kafka)"
equal "Redis in docker-compose.yml" "$REDIS_IMAGE" "$(image redis)"
equal "Prometheus in docker-compose.yml" "$PROMETHEUS_IMAGE" \
    "$(image prometheus)"
equal "Grafana in docker-compose.yml" "$GRAFANA_IMAGE" "$(image grafana)"
equal "Debian in Dockerfile" "$DEBIAN_IMAGE" \
    "$(sed -n 's/^FROM \([^ ]*\).*/\1/p' Dockerfile | sort -u)"
equal "the package's version" "$(cat VERSION)" \
    "$(sed -n '1s/.*(\(.*\)).*/\1/p' packaging/debian/changelog)"
equal "the package is built with what scripts/deps builds with" \
    "$(sed -n 's/^build \(lib.*-dev\) .*/\1/p' scripts/deps |
        grep -v -e libc6 -e libcmocka | sort)" \
    "$(tr -c 'a-z0-9-' '\n' <packaging/debian/control | grep '^lib.*-dev$' | sort)"
# What the program is linked with, by the names that this release gives.
if grep -q bookworm /etc/os-release; then
    equal "the image has the libraries that the program wants" \
        "$(objdump -p "${TERKAIT:-build/terkait}" |
            sed -n 's/ *NEEDED *\(lib.*\)/\1/p' | grep -v -e libc.so -e libm.so |
            while read -r file; do
                dpkg -S "*/$file" | sed 's/:.*//'
            done | sort -u)" \
        "$(tr ' ' '\n' <Dockerfile | grep '^lib' | sort)"
else
    skip "the image has the libraries that the program wants" "no bookworm"
fi
refuse "Kafka's version stands nowhere else in scripts" \
    grep -rlF --exclude=versions --exclude=pom.xml "$KAFKA_VERSION" scripts .ci
equal "a broker of that version came up" "$KAFKA_VERSION" \
    "$(sed -n 's|.*/kafka_2.13-\(.*\)\.jar.*|\1|p' <(tr : '\n' \
        <"build/kafka/classpath-$KAFKA_VERSION"))"
done_testing
