#!/bin/sh
# `make run`: checks what can be checked at once, brings the environment, then hands over to
# ops/serve.py. Usage: run.sh HOST PORT
set -eu
cd "$(dirname "$0")/.."
. ops/common.sh

check_machine
"$python" ops/free_port.py "$1" "$2"
sh ops/environment.sh run
exec .venv/bin/python -m ops.serve --host "$1" --port "$2"
