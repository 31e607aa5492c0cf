#!/usr/bin/env bash
# From a fresh checkout to a worker that earns: installs what is missing, builds, starts a whole network on this machine and
# takes this machine through it. Everything that it makes lies in build/quickstart/; run it again at any time.
#
# usage: bash docs/quickstart.sh [--no-install] [--stay] [--build-dir DIR]
#   --no-install   install no packages, only say which are missing
#   --stay         leave the network running at the end, until Ctrl-C
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=$PWD/build install=yes stay=no
while [ $# -gt 0 ]; do
    case $1 in
        --no-install) install=no ;;
        --stay) stay=yes ;;
        --build-dir) build=$(realpath -m "$2"); shift ;;
        -h | --help) sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit 0 ;;
        *) printf 'unknown option %s; --help lists them\n' "$1" >&2; exit 2 ;;
    esac
    shift
done
source docs/build.sh

network=
finish() {
    stop_phase
    [ -z "$network" ] || { kill "$network" 2>/dev/null && wait "$network" 2>/dev/null; } || true
}
trap finish EXIT
trap 'exit 130' INT TERM

started=$SECONDS
printf '1. Install and build\n' >&2
install_packages "$install" "${build_packages[@]}"
build_tree -DKAISAR_TESTS=OFF
PATH=$build/bin:$PATH

state=$build/quickstart
rm -rf "$state"
(umask 077 && mkdir -p "$state")
umask 077
unset KAISAR_DATA_DIR
profile=$state/network.json password=$state/password
kaisar=(kaisar --data-dir "$state/worker" --network "$profile" --no-input)

# show COMMAND…: prints the command as a person would type it, then runs it.
show() {
    printf '\n$ %s\n' "${*//$PWD\//}" >&2
    "$@"
}

# fail MESSAGE: what was expected and did not come.
fail() {
    printf 'quickstart: %s\n' "$*" >&2
    [ ! -s "$state/network.log" ] || { printf 'the network said last:\n' >&2; tail -n 5 "$state/network.log" >&2; }
    exit 1
}

printf '\n2. A network of your own: portal, checker and ledger in one process\n' >&2
printf '\n$ kaisar-network serve --params devnet --listen 127.0.0.1:0 … &\n' >&2
kaisar-network serve --params devnet --data-dir "$state/network" --listen 127.0.0.1:0 --profile "$profile" --json \
    >"$state/ready.json" 2>"$state/network.log" &
network=$!
for _ in $(seq 100); do
    [ -s "$state/ready.json" ] && break
    kill -0 "$network" 2>/dev/null || fail 'kaisar-network ended instead of serving'
    sleep 0.1
done
[ -s "$state/ready.json" ] || fail 'kaisar-network was not ready after 10 s'
cat "$state/ready.json"

printf '\n3. This machine becomes a worker\n' >&2
head -c 24 /dev/urandom | base64 >"$password"
show "${kaisar[@]}" wallet create --password-file "$password" --mnemonic-file "$state/mnemonic"
show "${kaisar[@]}" register --yes --skip timer --password-file "$password"

printf '\n4. What it can do, measured with verified answers\n' >&2
show "${kaisar[@]}" bench gemm-s8 memory-copy sha256 --duration 0.5

printf '\n5. A proof, checked by the network\n' >&2
show "${kaisar[@]}" prove

printf '\n6. Is it earning?\n' >&2
show "${kaisar[@]}" status
"${kaisar[@]}" status --json >"$state/status.json" || fail 'kaisar status --json failed'
grep -q '"verdict": *"earning"' "$state/status.json" || fail "the verdict is not \"earning\": see $state/status.json"
grep -qE '"total_micro_points": *[1-9]' "$state/status.json" || fail "no points yet: see $state/status.json"

printf '\nDone in %d s. Look around:  %s\n' $((SECONDS - started)) \
    "${build#"$PWD"/}/bin/kaisar --data-dir ${state#"$PWD"/}/worker status --offline" >&2
if [ "$stay" = yes ]; then
    printf 'The network stays up until Ctrl-C; its profile is %s\n' "${profile#"$PWD"/}" >&2
    wait "$network"
fi
