#!/bin/sh
# Sets up what `make demo` and `make test` need, and touches nothing that is there: uv, the Python packages with their
# bytecode, a browser. Says nothing when there is nothing to do; a second run at the same time waits for the first.
set -eu
CDPATH='' cd -- "$(dirname -- "$0")/.."
unset PYTHONDONTWRITEBYTECODE VIRTUAL_ENV
export UV_PROJECT_ENVIRONMENT=.venv

say() { printf '%s\n' "setup: $*" >&2; }
die() { say "$*"; exit 1; }

as_root=none
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    as_root=sudo
fi

apt_install() { # packages...; fails where there is no apt, or nobody to run it as
    [ "$as_root" != none ] && command -v apt-get >/dev/null || return 1
    $as_root apt-get -qq update >&2 || return 1
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq install -y --no-install-recommends -o DPkg::Lock::Timeout=600 "$@" >.tools/apt.log 2>&1
}

stamp=.venv/.set-up
key() { # what the stamp is good for: these packages, this Python, this place, this kind of browser
    cksum <uv.lock && cksum <pyproject.toml && .venv/bin/python -VV && printf '%s\n' "$PWD" "${COMPLETIONS_BROWSER:-shell}"
}
is_done() { # the stamp's last line is a file of the browser's
    [ -e "$stamp" ] && [ "$(sed '$d' "$stamp")" = "$(key 2>/dev/null)" ] && [ -e "$(tail -n 1 "$stamp")" ]
}

find_uv() {
    command -v uv || { [ -x .tools/uv/bin/uv ] && echo .tools/uv/bin/uv; }
}
install_uv() {
    say "installing uv in .tools/"
    command -v python3 >/dev/null || apt_install python3 python3-venv ||
        die "there is no python3: install Python 3.11, 3.12 or 3.13, then run this again"
    python3 -c 'import ensurepip, venv' 2>/dev/null || apt_install python3-venv ||
        die "python3 cannot make virtual environments: run 'apt-get install python3-venv' as root, or install uv; then run this again"
    rm -rf .tools/uv
    python3 -m venv .tools/uv && .tools/uv/bin/python -m pip install --quiet --disable-pip-version-check uv ||
        die "uv cannot be installed with pip: see above; any other way to install it will do as well"
}

install_packages() {
    quiet=--quiet
    [ ! -t 2 ] || quiet=
    if "$uv" python find --no-python-downloads '>=3.11,<3.14' >/dev/null 2>&1; then
        export UV_PYTHON_DOWNLOADS=never
    fi
    say "installing the Python packages in .venv/"
    # shellcheck disable=SC2086
    "$uv" sync --frozen --all-extras --compile-bytecode $quiet || die "the Python packages cannot be installed: see above"
}

works() { "$1" --version >/dev/null 2>&1; } # what lacks a system library doesn't
install_libraries() {
    say "installing libatomic1, which Playwright needs"
    apt_install libatomic1 && works .venv/bin/playwright && return
    die "Playwright does not start (see '.venv/bin/playwright --version'): run 'apt-get install libatomic1' as root, then" \
        "run this again"
}

own_browser() { # Playwright's, where it is or would be
    .venv/bin/playwright install --dry-run chromium-headless-shell | sed -n 's/^ *Install location: *//p' |
        while read -r folder; do find "$folder" -type f -name '*headless*shell' 2>/dev/null; done | head -n 1
}
find_browser() {
    case ${COMPLETIONS_BROWSER:-shell} in
    */*) echo / && return ;; # somebody's own, or a remote one: nothing to install here
    chromium) names="chromium chromium-browser google-chrome" ;;
    *) names="chromium-headless-shell chrome-headless-shell" ;;
    esac
    for name in $names; do
        browser=$(command -v "$name") && works "$browser" && echo "$browser" && return
    done
    browser=$(own_browser) && [ -n "$browser" ] && works "$browser" && echo "$browser"
}
install_browser() {
    say "installing a browser: Playwright's, if it can be fetched"
    .venv/bin/playwright install chromium-headless-shell >.tools/playwright.log 2>&1 && find_browser >/dev/null && return
    say "installing a browser: the system's chromium-headless-shell"
    apt_install chromium-headless-shell chromium && find_browser >/dev/null && return
    die "there is no browser and none can be installed (.tools/*.log): run 'apt-get install chromium-headless-shell' as" \
        "root, or set COMPLETIONS_BROWSER to a Chromium or a CDP address; then run this again"
}

is_done && exit 0
mkdir -p .tools
exec 9>.tools/lock
if command -v flock >/dev/null; then flock 9; fi
is_done && exit 0

uv=$(find_uv) || { install_uv && uv=.tools/uv/bin/uv; }
install_packages
works .venv/bin/playwright || install_libraries
browser=$(find_browser) || { install_browser && browser=$(find_browser); }
{ key && printf '%s\n' "$browser"; } >"$stamp"
