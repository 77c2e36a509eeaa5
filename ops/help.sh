#!/bin/sh
# `make help`: prints every target of the makefiles given with the words behind its ##.
set -eu
cd "$(dirname "$0")/.."
. ops/common.sh

sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1	\2/p' "$@" | while IFS='	' read -r target words; do
    printf '  %smake %-12s%s %s\n' "$bold" "$target" "$plain" "$words"
done
