#!/bin/sh
# Brings what the tests need beside Python packages: Chromium and a library its
# driver needs, a Chinese font, a PostgreSQL server, a program that draws PDFs.
# By apt as root; otherwise one line says the command, and the tests that need them say so again.
set -eu
cd "$(dirname "$0")/.."
. ops/common.sh

has_program() {
    for name in "$@"; do
        command -v "$name" >/dev/null && return
    done
    return 1
}

has_postgresql() {
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || has_program initdb
}

has_chinese_font() {
    ls /usr/share/fonts/opentype/noto/NotoSansCJK* >/dev/null 2>&1 ||
        { has_program fc-list && fc-list :lang=zh family | grep -q .; }
}

# Debian makes and starts a database cluster with the package. The tests start their own server
# in a temporary folder, so while the package is installed a drop-in says not to.
install_parts() {
    drop_in=/etc/postgresql-common/createcluster.d/jieping-tests.conf
    mkdir -p "${drop_in%/*}"
    echo 'create_main_cluster = false' >"$drop_in"
    status=0
    apt_install "$@" || status=1
    rm -f "$drop_in"
    return "$status"
}

# The program that drives Chromium is linked against it, and a minimal Debian does not have it.
has_libatomic() {
    ls /usr/lib/*/libatomic.so.1 >/dev/null 2>&1
}

missing=''
has_program chromium chromium-browser google-chrome || missing="$missing chromium"
has_libatomic || missing="$missing libatomic1"
has_chinese_font || missing="$missing fonts-noto-cjk"
has_postgresql || missing="$missing postgresql"
has_program pdftoppm || missing="$missing poppler-utils"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    # shellcheck disable=SC2086  # a list of package names
    step "Installing$missing" install_parts $missing
elif [ "${CI:-}" = true ]; then
    fail "Missing:$missing. Run: $(as_root "apt-get install -y$missing")"
else
    echo "Missing:$missing; the tests that need them are skipped. To run them too: $(
        as_root "apt-get install -y$missing"
    )"
fi
