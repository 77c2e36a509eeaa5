#!/bin/sh
# `make lock`: makes the hashed locks from the .in files, the product's first. Options go to uv.
set -eu
cd "$(dirname "$0")/.."

for name in requirements requirements-dev requirements-bootstrap; do
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url "$@" "$name.in" -o "$name.txt"
done
