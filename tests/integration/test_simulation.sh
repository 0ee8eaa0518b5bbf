#!/usr/bin/env bash
# The protocol in simulated worlds of faults, for SIM_SECONDS (45) in batches,
# each a test; and that the simulation sees a fault that is planted.
set -uo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root" || exit 1

BUILD=${BUILD:-build}
make=${MAKE:-make}
seconds=${SIM_SECONDS:-45}
mkdir -p "$BUILD"

if ! "$make" --no-print-directory "BUILD=$BUILD" "-j$(nproc)" sim-program \
    >"$BUILD/simulation.log" 2>&1; then
    cat "$BUILD/simulation.log"
    exit 1
fi
"$BUILD/obj/sim/sim" --seconds "$seconds" --batches 9
batches=$?

# TAP lets a plan stand at the end of what it plans.
"$make" --no-print-directory "BUILD=$BUILD" mutants \
    ONLY="CUT_CLEARED FLOORS_IGNORED" >"$BUILD/simulation.log" 2>&1
mutants=$?
sed 's/^/# /' "$BUILD/simulation.log"
if [ $mutants -eq 0 ]; then
    echo "ok 10 - planted faults are seen"
else
    echo "not ok 10 - planted faults are seen"
fi
echo "1..1"
exit $((batches | mutants))
