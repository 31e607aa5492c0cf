#!/usr/bin/env bash
# Installs what the tests need, builds everything and runs every test there is. The last line says "N passed, M failed,
# K skipped"; what was skipped stands before it, with the reason. The exit code is 0 only when nothing failed.
#
# usage: bash tests/run.sh [--no-install] [--no-build] [--build-dir DIR] [SUITE…]
#   --no-install   install no packages, only say which are missing
#   --no-build     test what the build folder holds
#   SUITE          only these; python3 tests/suites.py --list names them
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=$PWD/build install=yes compile=yes suites=()
while [ $# -gt 0 ]; do
    case $1 in
        --no-install) install=no ;;
        --no-build) compile=no ;;
        --build-dir) build=$(realpath -m "$2"); shift ;;
        -h | --help) sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit 0 ;;
        -*) printf 'unknown option %s; --help lists them\n' "$1" >&2; exit 2 ;;
        *) suites+=("$1") ;;
    esac
    shift
done
source docs/build.sh
trap stop_phase EXIT
trap 'exit 130' INT TERM

packages=("${build_packages[@]}" catch2 python3 strace openssl curl zsh fish bash-completion mandoc)
command -v npm >/dev/null || packages+=(nodejs npm)
# A browser is large: only for the suite that looks at pages.
[[ ${#suites[@]} -gt 0 && " ${suites[*]} " != *" page "* ]] || packages+=(chromium)
# A cross compiler and an emulator: only for the suite of kernels for ARM.
[[ ${#suites[@]} -gt 0 && " ${suites[*]} " != *" arm64 "* ]] || packages+=(g++-aarch64-linux-gnu qemu-user)
install_packages "$install" "${packages[@]}"
[ "$compile" = no ] || build_tree -DKAISAR_TESTS=ON
python3 tests/suites.py --build-dir "$build" ${suites[@]+"${suites[@]}"}
