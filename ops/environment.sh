#!/bin/sh
# Brings .venv to what a lock says: `environment.sh run` what the product needs, `environment.sh
# dev` also what the tests need. A stamp makes it a matter of milliseconds when nothing changed.
# Why pip brings uv and uv brings the rest: docs/adr/0003-setup.md
set -eu
cd "$(dirname "$0")/.."
. ops/common.sh

lock_kind=$1
case $lock_kind in
    run) lock=requirements.txt ;;
    dev) lock=requirements-dev.txt ;;
    *) fail "usage: ops/environment.sh run|dev" ;;
esac
stamp=.venv/stamp

# What the environment depends on: its Python, its place (scripts in it name their own path), the locks.
fingerprint() {
    .venv/bin/python -c 'import sys; print(*sys.version_info[:2])' 2>/dev/null || echo none
    pwd
    cat requirements*.txt | sha256sum
}

# python3-venv is a package of its own in Debian and Ubuntu.
bring_venv_module() {
    "$python" -c 'import ensurepip, venv' 2>/dev/null && return
    package=$(basename "$python")-venv
    command -v apt-get >/dev/null ||
        fail "This Python cannot make virtual environments: install its modules venv and ensurepip"
    [ "$(id -u)" = 0 ] ||
        fail "缺少 $package · $package is missing. Run: $(as_root "apt-get install -y $package")"
    step "Installing $package" apt_install "$package"
}

# uv does not read pip's configuration; a mirror set there is meant for it too.
use_index_of_pip() {
    for key in global install; do
        found=${PIP_INDEX_URL:-$(.venv/bin/python -m pip config get "$key.index-url" 2>/dev/null || true)}
        if [ -n "$found" ]; then
            export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$found}"
            return
        fi
    done
}

bring_uv() {
    .venv/bin/uv --version >/dev/null 2>&1 ||
        .venv/bin/python -m pip install --disable-pip-version-check --retries 2 \
            --require-hashes -r requirements-bootstrap.txt
}

# uv where it runs, pip where it does not (a processor or a mirror without it): both check hashes.
install_packages() {
    if bring_uv && .venv/bin/uv pip sync --python .venv/bin/python --require-hashes \
        "$lock" requirements-bootstrap.txt; then
        return
    fi
    .venv/bin/python -m pip install --disable-pip-version-check --require-hashes -r "$lock"
}

check_machine
if [ -f "$stamp" ]; then
    wanted=$(fingerprint)
    # The packages of the tests include all that the product needs.
    for kind in $lock_kind dev; do
        [ "$(cat "$stamp")" != "$kind $wanted" ] || exit 0
    done
fi

rm -f "$stamp"
if ! [ "$(cat .venv/place 2>/dev/null)" = "$(pwd)" ] || ! .venv/bin/python -m pip -V >/dev/null 2>&1; then
    bring_venv_module
    step "Making the virtual environment .venv" "$python" -m venv --clear .venv
    pwd >.venv/place
fi
use_index_of_pip
export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}"
step "Installing the packages of $lock" install_packages
echo "$lock_kind $(fingerprint)" >"$stamp"
