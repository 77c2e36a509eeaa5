# What the set-up scripts share: messages, timed steps, the check of the machine. Sourced, not run.
# POSIX sh, because a fresh machine may have nothing better.
# shellcheck shell=sh disable=SC2034  # the scripts that source it use what it sets

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$(printf '\033[1m') red=$(printf '\033[31m') dim=$(printf '\033[2m') plain=$(printf '\033[0m')
else
    bold='' red='' dim='' plain=''
fi

# fail MESSAGE: one line that says what is wrong and what to do; then stop.
fail() {
    printf '%s%s%s\n' "$red" "$1" "$plain" >&2
    exit 1
}

# seconds_ticker WHAT BEGAN: on a terminal, counts the seconds of a step until it is ended.
seconds_ticker() {
    while sleep 1 && kill -0 $$ 2>/dev/null; do
        printf '\r%s … %s%s s%s' "$1" "$dim" "$(($(date +%s) - $2))" "$plain"
    done
}

# reason_in LOG: the words of a failed command's output that say why, in one line.
reason_in() {
    known='temporary failure in name resolution|name or service not known|could not resolve [^ ]*'
    known="$known|dns error|connection refused"
    known="$known|network is unreachable|timed out|certificate verify failed|invalid peer certificate"
    known="$known|no space left on device|permission denied|hash mismatch|do not match the hashes"
    grep -oiE "$known" "$1" | tail -n 1 | grep . ||
        grep -iE '^ *(e:|err|error|fatal|could not)' "$1" | tail -n 1 | grep . ||
        tail -n 1 "$1"
}

# step WHAT COMMAND…: says WHAT, runs COMMAND quietly, says how long it took. A failure ends the
# script with one line that says why and where the whole output is.
step() {
    what=$1
    shift
    began=$(date +%s)
    log=$(mktemp "${TMPDIR:-/tmp}/jieping-setup.XXXXXX")
    printf '%s …' "$what"
    ticker=''
    if [ -t 1 ]; then
        seconds_ticker "$what" "$began" &
        ticker=$!
    fi
    status=0
    "$@" >"$log" 2>&1 </dev/null || status=1
    if [ -n "$ticker" ]; then
        kill "$ticker" 2>/dev/null || true
        printf '\r%s …' "$what"
    fi
    if [ "$status" != 0 ]; then
        printf ' failed\n'
        fail "$what failed: $(reason_in "$log") (all of it: $log)"
    fi
    printf ' %s%s s%s\n' "$dim" "$(($(date +%s) - began))" "$plain"
    rm -f "$log"
}

# as_root COMMAND: the words a person who is not root types to run COMMAND as root.
as_root() {
    if command -v sudo >/dev/null; then echo "sudo $1"; else echo "su -c '$1'"; fi
}

# apt_install PACKAGE…: installs by apt; the package lists are fetched only when they are needed.
apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    set -- apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 "$@"
    "$@" || { apt-get update && "$@"; }
}

# check_machine: a Python that is new enough (its name goes to $python) and a folder to write in.
check_machine() {
    python=''
    for name in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            python=$name
            break
        fi
    done
    [ -n "$python" ] ||
        fail "需要 Python 3.11 或更新版本 · Python 3.11 or newer is needed; here is $(
            "${PYTHON:-python3}" -V 2>&1 | tail -n 1 | grep . || echo none
        ). Name another one: make run PYTHON=python3.13"
    for folder in . .venv "${JIEPING_INSTANCE_DIR:-instance}"; do
        if [ -d "$folder" ]; then
            (probe=$(mktemp "$folder/.write-XXXXXX") && rm -f "$probe") 2>/dev/null ||
                fail "文件夹不可写 · The folder $(cd "$folder" && pwd) cannot be written by $(
                    id -un
                ): give it to this account, or clone into a folder of your own"
        fi
    done
}
