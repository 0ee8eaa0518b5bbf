# tap.sh: a shell test says what it found, one line a case, as TAP.
#
#     . tests/lib/tap.sh
#     check "what should hold" COMMAND...     by its exit code
#     refuse "what should fail" COMMAND...
#     equal "what" WANTED GOT
#     skip "what" "why not"
#     done_testing                            last
# shellcheck shell=bash

tap_count=0
tap_failed=0

tap_say() {
    tap_count=$((tap_count + 1))
    echo "$1 $tap_count - $2"
}

check() {
    local name=$1 said
    shift
    if said=$("$@" 2>&1 </dev/null); then
        tap_say ok "$name"
    else
        tap_failed=1
        tap_say "not ok" "$name"
        printf '%s\n' "$said" | sed 's/^/# /'
    fi
}

refuse() {
    local name=$1
    shift
    check "$name" tap_not "$@"
}

tap_not() {
    ! "$@"
}

equal() {
    check "$1" tap_equal "$2" "$3"
}

tap_equal() {
    [ "$1" = "$2" ] || {
        printf 'wanted: %s\ngot:    %s\n' "$1" "$2"
        return 1
    }
}

skip() {
    tap_say ok "$1 # SKIP $1: $2"
}

done_testing() {
    echo "1..$tap_count"
    exit "$tap_failed"
}
