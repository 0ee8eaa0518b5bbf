#!/usr/bin/env bash
# scripts/deps: silent and quick when nothing is missing; else, with a made-up
# apt-get in a path of its own, it asks for what is missing and no more.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
mkdir "$place/bin"
for tool in sh env sed grep sort cut tr dirname readlink id sleep cat python3 \
    chmod tee rm touch ln promtool mandoc zsh chromium; do
    ln -s "$(command -v "$tool")" "$place/bin"
done

deps() {
    PATH=$place/bin scripts/deps "$@"
}

# fake NAME BODY: a command in that path.
fake() {
    rm -f "$place/bin/$1"
    printf '#!/bin/sh\n%s\n' "$2" >"$place/bin/$1"
    chmod +x "$place/bin/$1"
}

says() {
    local wanted=$1 said
    shift
    said=$("$@" 2>&1)
    case $said in *"$wanted"*) ;; *)
        printf 'wanted: %s\ngot:    %s\n' "$wanted" "$said"
        return 1
        ;;
    esac
}

# The best of five: the machine may be busy with something else.
quick() {
    local start
    for _ in 1 2 3 4 5; do
        start=${EPOCHREALTIME/[.,]/}
        scripts/deps || return 1
        [ $((${EPOCHREALTIME/[.,]/} - start)) -ge 300000 ] || return 0
    done
    return 1
}

equal "nothing missing, nothing said" "" "$(scripts/deps 2>&1)"
check "and quickly" quick
check "--help names the groups" says "build run kafka test" scripts/deps --help
refuse "no such group" scripts/deps nonsense

refuse "--check fails when kcat is missing" deps --check test
check "and names it, with what it is for" \
    says "kcat             writes to and reads from Kafka" deps --check test
check "and how to get it" says "scripts/deps test" deps --check test
refuse "without apt-get it stops" deps test
check "and says why" says "no apt-get here" deps test

# shellcheck disable=SC2016
fake apt-get 'echo "$@" >>"$0.log"
case "$*" in
*install*kcat*) touch "$0.installed"
    ln -s /bin/true "${0%/*}/kcat" ;;
*update*) [ -e "$0.updated" ] || { touch "$0.updated"; exit 100; } ;;
esac'
fake id 'echo 1000'
refuse "neither root nor sudo: it stops" deps test
check "and says why" says "neither root nor sudo" deps test
refuse "and has called nothing" test -e "$place/bin/apt-get.log"

fake id 'echo 0'
check "as root it installs, though the first update failed" deps test
equal "update twice, install once, only what is missing" "update
update
install --no-install-recommends kcat" \
    "$(sed 's/.*Retries=3 //' "$place/bin/apt-get.log")"
check "then nothing is missing" deps test

rm "$place/bin/kcat"
fake apt-get 'exit 0'
refuse "installed and still not there is an error" deps test
check "that says so" says "still missing: kcat" deps test
done_testing
