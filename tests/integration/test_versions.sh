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
refuse "Kafka's version stands nowhere else in scripts" \
    grep -rlF --exclude=versions --exclude=pom.xml "$KAFKA_VERSION" scripts .ci
equal "a broker of that version came up" "$KAFKA_VERSION" \
    "$(sed -n 's|.*/kafka_2.13-\(.*\)\.jar.*|\1|p' <(tr : '\n' \
        <"build/kafka/classpath-$KAFKA_VERSION"))"
done_testing
