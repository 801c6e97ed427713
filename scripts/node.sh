# shellcheck shell=bash
# Finds or installs Node.js for the end-to-end tests.

node_is_recent() {
    command -v npm >/dev/null && command -v node >/dev/null \
        && node -e 'const [major, minor] = process.versions.node.split("."); process.exit(major > 20 || (major == 20 && minor >= 11) ? 0 : 1)'
}

# False, with the reason, when there is none and apt has only an older one.
find_node() {
    node_is_recent && return
    if apt_finds nodejs && apt_finds npm && dpkg --compare-versions "$(apt_candidate nodejs)" ge 20.11; then
        apt_install nodejs npm
        node_is_recent && return
    fi
    say "The end-to-end tests need Node.js 20.11 or later with npm, and apt-get has none: install it from https://nodejs.org and start again."
    return 1
}

# Exactly the packages of the lock file in folder $1; quick when they are there.
install_node_packages() {
    if [[ ! $1/node_modules/.package-lock.json -nt $1/package-lock.json ]]; then
        say "Installing the packages of $1 ..."
        attended npm --prefix "$1" ci --no-audit --no-fund --loglevel=error
        touch "$1/node_modules/.package-lock.json"
    fi
}
