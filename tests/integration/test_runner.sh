#!/usr/bin/env bash
# scripts/test itself: in a small tree of its own, with tests that pass, fail,
# crash, hang and are skipped, it must count each and exit accordingly.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
unset BUILD TERKAIT MAKEFLAGS MAKEOVERRIDES
mkdir -p "$tree"/scripts "$tree"/tests/{unit,integration}
cp scripts/test scripts/lib.sh "$tree/scripts"
printf '#!/bin/sh\n' | tee "$tree/scripts/deps" >"$tree/scripts/stack"
chmod +x "$tree"/scripts/*

cat >"$tree/Makefile" <<'END'
OBJ := $(BUILD)/obj$(SAN:%=-%)
UNITS := $(patsubst tests/%.c,$(OBJ)/%,$(wildcard tests/unit/test_*.c))
all:
bench-programs:
unit-programs: $(UNITS)
$(OBJ)/unit/%: tests/unit/%.c
	mkdir -p $(@D) && $(CC) -o $@ $< -lcmocka
END

# unit NAME BODY-OF-THE-SECOND-OF-THREE
unit() {
    cat >"$tree/tests/unit/test_$1.c" <<END
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>
static void one(void **state) { (void)state; }
static void two(void **state) { (void)state; $2; }
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one), cmocka_unit_test(two), cmocka_unit_test(one)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
END
}

# python NAME BODY
python() {
    printf '%s\n' 'import unittest' 'class Case(unittest.TestCase):' \
        '    def test_one(self): pass' "    $2" \
        'if __name__ == "__main__": unittest.main()' \
        >"$tree/tests/integration/test_$1.py"
}

# outcome PART: the last line and the exit code.
outcome() {
    local said code=0
    said=$(TEST_TIMEOUT=3 "$tree/scripts/test" "$@" 2>&1) || code=$?
    said=$(printf '%s\n' "$said" | tail -1)
    echo "$said ($code)"
}

clear_tests() {
    rm -rf "$tree"/tests/*/* "$tree/build"
}

unit good ''
equal "unit tests that pass" "3 passed, 0 failed (0)" "$(outcome unit)"
equal "and again with sanitizers" "6 passed, 0 failed (0)" \
    "$(outcome unit sanitized)"
unit bad 'assert_int_equal(1, 2)'
equal "one that fails" "5 passed, 1 failed (1)" "$(outcome unit)"
unit bad 'skip()'
equal "one that is skipped" "5 passed, 0 failed, 1 skipped (0)" \
    "$(outcome unit)"
unit bad '_exit(0)'
refuse "one that leaves half way with 0" "$tree/scripts/test" unit
unit bad 'abort()'
refuse "one that aborts" "$tree/scripts/test" unit
unit bad 'sleep(9)'
refuse "one that hangs" env TEST_TIMEOUT=1 "$tree/scripts/test" unit
unit bad 'no C at all'
equal "one that does not compile" "0 passed, 1 failed (1)" "$(outcome unit)"
clear_tests

equal "no test at all is no success" "0 passed, 0 failed (1)" "$(outcome unit)"
python good 'def test_two(self): pass'
equal "Python tests that pass" "2 passed, 0 failed (0)" "$(outcome integration)"
python bad 'def test_two(self): self.assertEqual(1, 2)'
equal "one that fails" "3 passed, 1 failed (1)" "$(outcome integration)"
python bad 'def test_two(self): self.skipTest("no such thing here")'
equal "one that is skipped" "3 passed, 0 failed, 1 skipped (0)" \
    "$(outcome integration)"
check "its reason is said" grep -q "no such thing here" \
    <("$tree/scripts/test" integration 2>&1)
echo 'import nothing_of_this_name' >"$tree/tests/integration/test_bad.py"
equal "one that cannot start" "2 passed, 1 failed (1)" "$(outcome integration)"
: >"$tree/tests/integration/test_bad.py"
equal "one that runs no test" "2 passed, 1 failed (1)" "$(outcome integration)"
clear_tests

printf 'echo ok 1 - a\necho not ok 2 - b\necho 1..2\n' \
    >"$tree/tests/integration/test_shell.sh"
equal "a shell test that fails" "1 passed, 1 failed (1)" \
    "$(outcome integration)"
: >"$tree/tests/integration/test_shell.sh"
equal "one that says nothing" "0 passed, 1 failed (1)" "$(outcome integration)"
printf 'echo ok 1 - a\n' >"$tree/tests/integration/test_shell.sh"
equal "one that stops before its plan" "1 passed, 1 failed (1)" \
    "$(outcome integration)"
done_testing
