#!/usr/bin/env bash
# scripts/stack: a stack of its own, beside others; data outlives a server's
# stop; down leaves no process and no file.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh

base=$(mktemp -d)
stack() {
    scripts/stack "$@" --dir "$base" --name other
}
cleanup() {
    stack down
    rm -rf "$base"
}
trap cleanup EXIT

read_topic() {
    kcat -q -C -b "$KAFKA_BROKERS" -t "$1" -e -X broker.address.family=v4
}

write_topic() {
    printf '%s\n' "$2" | kcat -q -P -b "$KAFKA_BROKERS" -t "$1"
}

is_gone() {
    ! kill -0 "$1" 2>/dev/null || grep -q '^State:.Z' "/proc/$1/status"
}

equal "nothing runs at first" "other: down" "$(stack status)"
check "up" stack up --partitions 3 --redis 'appendonly yes' \
    --redis 'appendfsync always'
[ -e "$base/other/env" ] || done_testing
eval "$(stack env)"
check "both answer" stack status
check "a second up leaves it as it is" stack up
equal "with the same pids" "$KAFKA_PID $REDIS_PID" \
    "$(. "$base/other/env" && echo "$KAFKA_PID $REDIS_PID")"

check "a topic by name" stack topic named 2
check "a record into it" write_topic named one
equal "and out again" one "$(read_topic named)"
check "a record into a topic that is not there" write_topic made two
check "it has the partitions of --partitions" grep -q '"made" with 3 part' \
    <(kcat -L -b "$KAFKA_BROKERS" -t made)

check "Redis takes a value" redis-cli -u "$REDIS_URL" set key value
check "Redis killed" stack redis kill
refuse "status says so" stack status
check "and started" stack redis start
equal "with its data, on the same port" value \
    "$(redis-cli -u "$REDIS_URL" get key)"
check "Kafka killed" stack kafka kill
check "and started" stack kafka start
equal "with its data, on the same port" one "$(read_topic named)"
check "Kafka stopped" stack kafka stop
check "and started" stack kafka start
equal "with its data, still" one "$(read_topic named)"

eval "$(stack env)"
check "both answer in the end" stack status
check "down" stack down
check "Kafka is gone" is_gone "$KAFKA_PID"
check "Redis is gone" is_gone "$REDIS_PID"
refuse "their data too" test -e "$base/other"
check "down again is no error" stack down

refuse "a broken Kafka does not come up" stack up --kafka 'log.dirs='
refuse "and leaves nothing" test -e "$base/other"
refuse "no such command" stack sideways
refuse "no such name" scripts/stack up --dir "$base" --name a/b
done_testing
