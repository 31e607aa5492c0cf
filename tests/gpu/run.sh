#!/usr/bin/env bash
# For a machine with NVIDIA GPUs: builds the GPU kernels, lets them answer known cases, looks at them with compute-sanitizer,
# measures them beside cuBLASLt and memcpy, and, where the rest of the program can be built, runs kaisar bench on them and a slot of
# kaisar prove, whose proof is verified twice. Needs nothing but nvcc and g++ for all but the last. Takes at most ten minutes and
# changes no setting of the GPU.
#
# usage: bash tests/gpu/run.sh TABLE [--build-only]
#   TABLE          the file that the figures are written to
#   --build-only   stop after building, for a machine without a GPU
# Exit code 0 when all answers were right, 77 when there is no GPU, 1 otherwise.
set -uo pipefail
[ $# -ge 1 ] || { sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit 2; }
table=$(realpath -m "$1") only=${2:-}
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build=${KAISAR_GPU_BUILD:-$PWD/build-gpu}
mkdir -p "$build/objects" "$(dirname "$table")"
: >"$table"
failed=0
PATH=$PATH:/usr/local/cuda/bin

say() { printf '%s\n' "$*" | tee -a "$table"; }
# step NAME SECONDS COMMAND…: its output goes to a log, the last lines of a failure into the table.
step() {
    local name=$1 limit=$2 log code started=$SECONDS
    shift 2
    log=$build/${name//[^a-z0-9]/-}.log
    timeout "$limit" "$@" >"$log" 2>&1
    code=$?
    say "$(printf '%-28s exit %d, %d s' "$name" "$code" $((SECONDS - started)))"
    [ "$code" -eq 0 ] || { tail -n 15 "$log" | sed 's/^/    /' | tee -a "$table"; }
    return "$code"
}

command -v nvcc >/dev/null || { say 'there is no nvcc, neither in PATH nor in /usr/local/cuda/bin'; exit 77; }
capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n 1 | tr -d '. ')
case ${capability:-} in
    90 | 100) architecture=${capability}a ;;
    '') architecture=90a ;;
    *) architecture=$capability ;;
esac
say "kaisar $(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown), $(nvcc --version | tail -n 2 | head -n 1), sm_$architecture"
nvidia-smi --query-gpu=name,driver_version,clocks.sm,clocks.mem,power.limit,pcie.link.gen.max,ecc.mode.current,mig.mode.current \
    --format=csv 2>/dev/null | tee -a "$table" || say 'nvidia-smi does not answer'

anchor=tests/gpu/no_cublaslt.cpp link=()
if [ -e /usr/local/cuda/include/cublasLt.h ]; then anchor=tests/gpu/cublaslt.cpp link=(-lcublasLt); fi
sources=(tests/gpu/figures.cpp "$anchor" lib/kernels/device_stream.cu lib/kernels/*/*.cu lib/kernels/device_stream.cpp
    lib/devices/known_{answers,cases}.cpp lib/error/error.cpp lib/kernels/{chacha8,gemm_s8,page_fill,sha256_many,walk}/reference.cpp)
compile() {
    # wgmma is Hopper's alone, mma.sync of these shapes came with Ampere: compiled for those, whatever GPU is here.
    local since_ampere=$architecture
    case $architecture in 6? | 7?) since_ampere=80 ;; esac
    printf '%s\n' "${sources[@]}" | xargs -P "$(nproc)" -I{} sh -c 'case {} in *wgmma*) a=90a ;; */mma* | */gemm_bf16/*)
        a='"$since_ampere"' ;; *) a='"$architecture"' ;; esac
        nvcc -std=c++20 -O3 --expt-relaxed-constexpr -Ilib -Itests -lineinfo -gencode arch=compute_$a,code=sm_$a \
        -c "{}" -o "'"$build"'/objects/$(echo "{}" | tr / _).o"' &&
        nvcc -o "$build/gpu_figures" "$build"/objects/*.o "${link[@]}"
}
rm -f "$build"/objects/*.o
started=$SECONDS
if compile >"$build/compile.log" 2>&1; then say "$(printf '%-28s %d s' 'build the kernels' $((SECONDS - started)))"
else
    say 'build the kernels: FAILED'
    tail -n 20 "$build/compile.log" | tee -a "$table"
    exit 1
fi
[ "$only" != --build-only ] || exit 0

timeout 60 "$build/gpu_figures" --answers >"$build/answers.log" 2>&1
code=$?
tee -a "$table" <"$build/answers.log"
[ "$code" -ne 77 ] || exit 77
[ "$code" -eq 0 ] || failed=1

if command -v compute-sanitizer >/dev/null; then
    for tool in memcheck racecheck synccheck; do
        step "sanitizer $tool" 60 compute-sanitizer --tool "$tool" --error-exitcode 9 "$build/gpu_figures" --answers || failed=1
    done
else
    say 'sanitizer: compute-sanitizer is not installed'
fi

timeout 120 "$build/gpu_figures" >"$build/figures.log" 2>&1 || failed=1
tee -a "$table" <"$build/figures.log"

if step 'configure the program' 60 cmake -S . -B "$build/program" -G Ninja -DCMAKE_BUILD_TYPE=Release -DKAISAR_CUDA=ON \
    -DKAISAR_CUDA_ARCHITECTURES="$architecture" -DKAISAR_TESTS=OFF &&
    step 'build the program' 180 cmake --build "$build/program" --target kaisar; then
    step 'kaisar bench' 60 "$build/program/bin/kaisar" bench --device cuda:0 --duration 0.5 || failed=1
    cat "$build/kaisar-bench.log" | tee -a "$table"
    if command -v compute-sanitizer >/dev/null; then
        step 'sanitizer memcheck of bench' 120 compute-sanitizer --tool memcheck --error-exitcode 9 "$build/program/bin/kaisar" bench \
            --device cuda:0 --samples 1 --size 1048576 memory-latency render pcie-both || failed=1
    fi
    # A whole slot of the network's constants on the GPU; its proof goes through the verifier and through the plain reference.
    rm -rf "$build/proof"
    if step 'kaisar prove --rehearse' 240 "$build/program/bin/kaisar" prove --rehearse --devices cuda:0 --params default --max-memory 8000000000 \
        --out "$build/proof" --data-dir "$build/data"; then
        cat "$build/kaisar-prove---rehearse.log" | tee -a "$table"
        step 'kaisar prove --verify' 60 "$build/program/bin/kaisar" prove --verify "$build"/proof/*.kpw --data-dir "$build/data" || failed=1
        cat "$build/kaisar-prove---verify.log" | tee -a "$table"
        step 'reference: four tiles' 120 python3 - "$build"/proof/*.kpw <<'PYTHON' || failed=1
import pathlib
import sys
sys.path.insert(0, "tests/interop/popw_reference")
import verify
print(verify.verify(pathlib.Path(sys.argv[1]).read_bytes(), tiles=4))
PYTHON
    else
        failed=1
    fi
else
    say 'kaisar bench: left out, the program could not be built here (docs/build.sh lists what it needs)'
fi
nvidia-smi --query-gpu=temperature.gpu,clocks.sm,clocks_event_reasons.active --format=csv 2>/dev/null | tee -a "$table"
say "$([ "$failed" -eq 0 ] && echo 'all answers were right' || echo 'SOMETHING FAILED')"
exit "$failed"
