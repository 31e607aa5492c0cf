#!/usr/bin/env bash
# Builds the fuzzers (preset fuzz) and runs each for a while; ends with a table. What crashed one is kept in
# build-fuzz/found/<name>/ and becomes a seed with its fix; what reached new code is kept in build-fuzz/corpus/<name>/ for the
# next campaign. The exit code is 0 only when nothing crashed.
#
# usage: bash tests/fuzz/campaign.sh [--seconds N] [--jobs J] [--no-build] [NAME…]
#   --seconds N   for each fuzzer, 600 if not given
#   --jobs J      that many at the same time, 1 if not given
#   --no-build    run what build-fuzz/ holds
#   NAME          only these: mark, verifier …
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build=build-fuzz seconds=600 jobs=1 compile=yes names=()
while [ $# -gt 0 ]; do
    case $1 in
        --seconds) seconds=${2:?--seconds needs a number}; shift ;;
        --jobs) jobs=${2:?--jobs needs a number}; shift ;;
        --no-build) compile=no ;;
        -h | --help) sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit 0 ;;
        -*) printf 'unknown option %s; --help lists them\n' "$1" >&2; exit 2 ;;
        *) names+=("$1") ;;
    esac
    shift
done
if [ ${#names[@]} -eq 0 ]; then
    for source in tests/fuzz/*_fuzzer.cpp; do
        name=${source##*/}
        names+=("${name%_fuzzer.cpp}")
    done
fi
if [ "$compile" = yes ]; then
    launcher=$(command -v ccache || true)
    nice cmake --preset fuzz ${launcher:+-DCMAKE_CXX_COMPILER_LAUNCHER="$launcher"} >/dev/null
    nice cmake --build "$build" --parallel "$(nproc)" --target "${names[@]/#/fuzz_}"
fi

# A crash ends libFuzzer; it is started again until its time is over.
run_fuzzer() {
    local name=$1 corpus=$build/corpus/$1 found=$build/found/$1 log=$build/found/$1.log end=$((SECONDS + seconds)) left
    mkdir -p "$corpus" "$found"
    : >"$log"
    while left=$((end - SECONDS)) && [ "$left" -gt 0 ]; do
        nice "$build/bin/tests/fuzz_$name" -max_total_time="$left" -print_final_stats=1 -verbosity=1 \
            -artifact_prefix="$found/" "$corpus" "tests/fuzz/seeds/$name" >>"$log" 2>&1 || sleep 1
    done
}

crashes_in() { find "$1" -type f \( -name 'crash-*' -o -name 'timeout-*' -o -name 'oom-*' -o -name 'leak-*' \) | sort; }

mkdir -p "$build/found"
before=$(crashes_in "$build/found" | wc -l)
for name in "${names[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n || true; done
    printf 'fuzzing %s for %s s\n' "$name" "$seconds"
    run_fuzzer "$name" &
done
wait

printf '\n%-12s %12s %9s %9s %9s\n' fuzzer executions exec/s coverage crashes
for name in "${names[@]}"; do
    log=$build/found/$name.log
    executions=$(awk '/^stat::number_of_executed_units:/ { sum += $2 } END { printf "%d", sum }' "$log")
    coverage=$(awk '{ for (i = 1; i < NF; ++i) if ($i == "cov:" && $(i + 1) + 0 > most) most = $(i + 1) } END { print most + 0 }' "$log")
    printf '%-12s %12d %9d %9d %9d\n' "$name" "$executions" $((executions / seconds)) "$coverage" \
        "$(crashes_in "$build/found/$name" | wc -l)"
done
after=$(crashes_in "$build/found" | wc -l)
if [ "$after" -gt "$before" ]; then
    printf '%d new inputs make a fuzzer fail; all that are kept:\n' $((after - before))
    crashes_in "$build/found"
    exit 1
fi
printf 'no new crashes\n'
