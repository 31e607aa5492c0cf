# Installs what a build needs and builds: what docs/quickstart.sh and tests/run.sh have in common. Sourced, never run.
#
# A caller has set `build` (the build folder). Output of every phase goes to a log file in $build/logs; the terminal sees
# one line a phase, with the time it took, and the end of the log when a phase failed.

build_packages=(g++ cmake ninja-build pkg-config libcli11-dev libcurl4-openssl-dev nlohmann-json3-dev libfmt-dev libssl-dev
    libsodium-dev libhwloc-dev libsecp256k1-dev libboost1.81-dev libsqlite3-dev zlib1g-dev)

# Says how far a running ninja is, every time that its last line changed: the whole line on a terminal, every 20 s elsewhere.
show_build_progress() {
    local title=$1 log=$2 step
    step=$(tail -c 400 "$log" 2>/dev/null | grep -oE '^\[[0-9]+/[0-9]+\]' | tail -n 1) || true
    if [ -t 2 ]; then printf '\r\033[K  %s … %s' "$title" "$step" >&2
    elif [ -n "$step" ] && [ $((SECONDS - last_progress)) -ge 20 ]; then printf '  %s … %s\n' "$title" "$step" >&2; last_progress=$SECONDS
    fi
}

# phase TITLE COMMAND…: runs the command with its output in a log file; ends the script when it fails.
phase() {
    local title=$1 log started=$SECONDS code=0
    shift
    mkdir -p "$build/logs"
    log=$build/logs/${title//[^a-z0-9]/-}.log
    last_progress=$SECONDS
    set -m # a process group of its own, so that stop_phase reaches the compilers too
    "$@" >"$log" 2>&1 </dev/null &
    phase_job=$!
    set +m
    while kill -0 "$phase_job" 2>/dev/null; do
        show_build_progress "$title" "$log"
        sleep 0.2
    done
    wait "$phase_job" || code=$?
    phase_job=
    [ -t 2 ] && printf '\r\033[K' >&2
    if [ "$code" -ne 0 ]; then
        printf '  %s: failed after %d s (exit %d); the end of %s:\n' "$title" $((SECONDS - started)) "$code" "$log" >&2
        tail -n 25 "$log" >&2
        exit "$code"
    fi
    printf '  %-44s %4d s\n' "$title" $((SECONDS - started)) >&2
}

# For the caller's EXIT trap: ends what a phase still has running.
stop_phase() {
    [ -z "${phase_job:-}" ] || kill -- "-$phase_job" 2>/dev/null || true
}

missing_packages() {
    local package
    for package in "$@"; do
        dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || printf '%s\n' "$package"
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -- "$@"; fi
}

apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    as_root apt-get update -q
    as_root apt-get install -q -y --no-install-recommends "$@"
}

# install_packages yes|no PACKAGE…: with `no` it only says what is missing, and goes on.
install_packages() {
    local may_install=$1 missing
    shift
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        printf '  no apt-get here: the packages are taken to be installed (Debian calls them: %s)\n' "$*" >&2
        return
    fi
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -eq 0 ] && return
    if [ "$may_install" = no ]; then
        printf '  not installed, as --no-install asks: %s\n' "${missing[*]}" >&2
        return
    fi
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        printf 'these packages are missing, and without root or sudo they cannot be installed: %s\n' "${missing[*]}" >&2
        exit 3
    fi
    [ "$(id -u)" -ne 0 ] && sudo -v
    phase "install ${#missing[@]} packages" apt_install "${missing[@]}"
}

# build_tree CMAKE-OPTION…: configures and builds, Release unless an option says otherwise.
build_tree() {
    local generator=()
    [ -e "$build/CMakeCache.txt" ] || generator=(-G Ninja)
    phase "configure" cmake -S . -B "$build" "${generator[@]}" -DCMAKE_BUILD_TYPE=Release "$@"
    phase "build" cmake --build "$build"
}
