#!/usr/bin/env bash
# scripts/layers and scripts/sizes, in a small tree with one fault at a time:
# each must be found.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

fresh() {
    rm -rf "${tree:?}"/*
    mkdir -p "$tree"/{src,include,scripts,tests/unit}
    cat >"$tree/scripts/layers.conf" <<'END'
layer base low
layer top  high high_*
library jansson.h high.c
no-test high
part high_more
END
    printf 'int low(void);\n' >"$tree/include/low.h"
    printf '#include "low.h"\n' >"$tree/include/high.h"
    printf '#include "low.h"\n' >"$tree/src/low.c"
    printf '#include "high.h"\n#include <jansson.h>\n' >"$tree/src/high.c"
    printf '#include "high.h"\n' >"$tree/src/high_more.c"
    : >"$tree/tests/unit/test_low.c"
}

# finds WHAT: layers fails, and says so.
finds() {
    local said
    if said=$(scripts/layers "$tree" 2>&1); then
        echo "nothing found"
        return 1
    fi
    case $said in *"$1"*) ;; *)
        printf '%s\n' "$said"
        return 1
        ;;
    esac
}

fresh
check "a tree in order" scripts/layers "$tree"
echo '#include "high.h"' >>"$tree/src/low.c"
check "an include that goes up" finds "src/low.c:2: base may not include high.h"
fresh
echo '#include "high.h"' >>"$tree/include/low.h"
check "a circle" finds "in a circle"
fresh
echo '#  include <jansson.h>' >>"$tree/include/low.h"
check "a library seen from elsewhere" finds "low.h:2: <jansson.h> is for high.c"
fresh
echo 'size_t lower(void);' >>"$tree/include/low.h"
check "a header that does not compile alone" finds "low.h: does not compile"
fresh
: >"$tree/src/stranger.c"
check "a module without a layer" finds "src/stranger.c: module stands in no"
check "and without a header" finds "include/stranger.h: missing"
fresh
rm "$tree/tests/unit/test_low.c"
check "a module without a test" finds "tests/unit/test_low.c: missing"
fresh
rm "$tree/src/low.c"
check "a header without a source" finds "src/low.c: missing"

# function LINES: a file with one of so many, braces included.
function_of() {
    echo 'int f(void)' && echo '{' && seq "$(($1 - 2))" && echo '}'
}
function_of 70 >"$tree/src/low.c"
check "a function of 70 lines" scripts/sizes "$tree/src/low.c"
function_of 71 >"$tree/src/low.c"
refuse "one of 71" scripts/sizes "$tree/src/low.c"
seq 600 >"$tree/some.py"
check "a file of 600 lines" scripts/sizes "$tree/some.py"
seq 601 >"$tree/some.py"
refuse "one of 601" scripts/sizes "$tree/some.py"
refuse "not at the end either" scripts/sizes "$tree/some.py" "$tree/src/high.c"
done_testing
