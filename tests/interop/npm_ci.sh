#!/usr/bin/env bash
# Brings what package-lock.json in FOLDER names, once, also when several tests want it at the same time.
#
# usage: bash npm_ci.sh FOLDER
set -euo pipefail
cd "$1"
exec 9>"${TMPDIR:-/tmp}/kaisar-npm-$(id -u).lock"
flock 9
# npm writes this file when everything else is there.
[ -e node_modules/.package-lock.json ] || npm ci --ignore-scripts --no-audit --no-fund
