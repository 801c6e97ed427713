# shellcheck shell=bash
# Shared by ./run and ./test: messages, interrupts, packages, processes and ports.

say() { printf '%s\n' "$*"; }

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Signals are only counted; who waits looks at the count. So nothing is left half done, and the second signal can mean "at once".
interrupts=0
trap 'interrupts=$((interrupts + 1))' INT TERM HUP

stop_if_interrupted() { ((interrupts == 0)) || exit 130; }

# Runs a long command that a signal to this script ends at once, which a foreground command would not let happen. It leads a session of
# its own, so that its children end with it. It has not the descriptors of our locks, which would stay locked if this script were killed.
attended() {
    local pid code=0
    setpriv --pdeathsig TERM -- setsid "$@" 8>&- 9>&- &
    pid=$!
    wait "$pid" || code=$?
    if ((interrupts > 0)); then
        kill -s TERM -- "-$pid" 2>/dev/null || true
        stop_child "$pid" TERM KILL
        stop_if_interrupted
    fi
    return "$code"
}

# Ends a child gracefully, or at once when another signal arrives meanwhile. $1: pid or empty, $2: polite signal, $3: hard signal.
stop_child() {
    local pid=$1 seen=$interrupts
    if [[ -z $pid ]] || ! kill -s "$2" "$pid" 2>/dev/null; then
        return 0
    fi
    while kill -0 "$pid" 2>/dev/null; do
        wait "$pid" 2>/dev/null || true
        if ((interrupts > seen)); then
            kill -s "$3" "$pid" 2>/dev/null || true
        fi
    done
}

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "this needs root and there is no sudo. Run as root, then start again: $*"
    fi
}

# The version that apt would install, or nothing.
apt_candidate() { apt-cache policy "$1" 2>/dev/null | awk '/Candidate:/ && $2 != "(none)" { print $2 }'; }

# Whether apt can install the package; asks the mirrors for their lists when it does not know it.
apt_finds() {
    command -v apt-get >/dev/null || return 1
    [[ -z $(apt_candidate "$1") ]] || return 0
    as_root apt-get -qq update || true
    [[ -n $(apt_candidate "$1") ]]
}

apt_install() {
    say "Installing $* with apt-get ..."
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$@" >/dev/null \
        || fail "apt-get could not install $*. Run as root: apt-get update && apt-get install -y $*"
}

# Processes that work in folder $1 or below it, one pid a line.
processes_in() {
    { find /proc -mindepth 2 -maxdepth 2 -path '/proc/[0-9]*/cwd' -printf '%h %l\n' 2>/dev/null || true; } | folder=$1 awk '
        { at = $0; sub(/^[^ ]* /, "", at); sub(/.*\//, "", $1) }
        at == ENVIRON["folder"] || index(at, ENVIRON["folder"] "/") == 1 { print $1 }'
}

# The kernel's list, so that a listener on any address counts and no tool is needed. State 0A is LISTEN.
port_is_taken() {
    local hex
    printf -v hex ':%04X' "$1"
    awk -v port="$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { taken = 1 } END { exit !taken }' \
        < <(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null)
}

# Below the range from which the kernel takes the ports of outgoing connections.
free_port() {
    local port
    for _ in {1..200}; do
        port=$((20000 + RANDOM % 12000))
        if ! port_is_taken "$port"; then
            say "$port"
            return
        fi
    done
    fail "found no free port between 20000 and 32000."
}
