# shellcheck shell=bash
# A private PostgreSQL: finds or installs the server's programs, makes a cluster once, and runs it as a child of this script.

# Sets postgres_bin to the newest server of version 15 or later, or to the one of exactly the major version $1.
find_postgres() {
    local directory major best=14
    for directory in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin "$(pg_config --bindir 2>/dev/null || true)" \
        "$(dirname "$(readlink -f "$(command -v postgres || true)")" 2>/dev/null || true)"; do
        [[ -x $directory/postgres && -x $directory/initdb ]] || continue
        major=$("$directory/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
        if [[ -n ${1:-} ]]; then
            if [[ $major == "$1" ]]; then
                postgres_bin=$directory
                return 0
            fi
        elif ((major > best)); then
            best=$major
            postgres_bin=$directory
        fi
    done
    [[ -z ${1:-} ]] && ((best > 14))
}

# The package would make and start a cluster of its own; a drop-in file keeps it from that while it is installed.
install_postgres() {
    local drop_in=/etc/postgresql-common/createcluster.d/realtime-dapr.conf installed=true
    as_root mkdir -p "${drop_in%/*}"
    say 'create_main_cluster = false' | as_root tee "$drop_in" >/dev/null
    (apt_install postgresql) || installed=false
    as_root rm -f "$drop_in"
    $installed || exit 1
}

require_postgres() {
    find_postgres && return
    if apt_finds postgresql && dpkg --compare-versions "$(apt_candidate postgresql)" ge 15; then
        install_postgres
        find_postgres && return
    fi
    fail "PostgreSQL 15 or later is missing and apt-get has none. Install its server programs from https://www.postgresql.org/download/, or set DB_HOST to use a database of yours."
}

# Runs a program as the cluster's owner: PostgreSQL refuses to run as root.
as_owner() {
    if ((EUID == 0)); then
        setpriv --reuid="$owner" --regid="$(id -g "$owner")" --init-groups -- "$@"
    else
        "$@"
    fi
}

# Sets cluster, the directory of the cluster of data directory $1, and owner, who runs it.
choose_cluster() {
    local data=$1 apart
    cluster=$data/postgres
    owner=$(id -un)
    if ((EUID == 0)); then
        choose_unprivileged_owner
        apart=/var/lib/realtime-dapr/$(printf '%s' "$data" | sha256sum | cut -c 1-12)
        if [[ -d $apart ]] || ! as_owner test -x "$data"; then
            [[ ! -d $cluster ]] || fail "$cluster holds a database, but the user $owner who has to run it cannot enter $data. Let others enter the folders above it (chmod o+x), or move $cluster to $apart."
            cluster=$apart
            say "The database is in $cluster, because the user $owner who runs it cannot enter $data."
        fi
        mkdir -p "${cluster%/*}"
    fi
    if [[ -d $cluster ]]; then
        owner=$(stat -c %U "$cluster")
        ((EUID == 0)) || [[ -O $cluster ]] || fail "$cluster belongs to $owner. Start as $owner or root, or choose another folder with REALTIME_DATA_DIR."
    elif ((EUID == 0)); then
        install -d -m 700 -o "$owner" -g "$(id -g "$owner")" "$cluster"
    else
        install -d -m 700 "$cluster"
    fi
}

choose_unprivileged_owner() {
    for owner in postgres realtime-dapr; do
        if id "$owner" >/dev/null 2>&1; then
            return
        fi
    done
    useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$owner"
}

# Makes the cluster unless it is there. It appears under its name only when it is complete.
make_cluster() {
    if [[ -f $cluster/data/PG_VERSION ]]; then
        local version
        version=$(<"$cluster/data/PG_VERSION")
        find_postgres "$version" || fail "the database in $cluster was made by PostgreSQL $version, which is not installed here. Install postgresql-$version, or choose another folder with REALTIME_DATA_DIR."
        return
    fi
    say "Making a private database in $cluster ..."
    as_owner rm -rf "$cluster/data.new"
    random_text 32 | as_owner tee "$cluster/password" >/dev/null
    as_owner chmod 600 "$cluster/password"
    # Not in a folder the owner may be unable to read: the current one.
    (cd / && as_owner "$postgres_bin/initdb" --pgdata="$cluster/data.new" --username=supabase_admin --pwfile="$cluster/password" \
        --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 >"$data/initdb.log" 2>&1) \
        || fail "initdb failed: $(tail -n 3 "$data/initdb.log")"
    rm -f "$data/initdb.log"
    as_owner mv "$cluster/data.new" "$cluster/data"
}

# Ends what a killed start of this cluster left behind. Only when no process is left in it may its lock file go: its pid may be someone
# else's by now, and PostgreSQL would refuse to start.
clear_leftovers() {
    local data=$cluster/data tries pids
    for ((tries = 0; tries < 300; tries++)); do
        mapfile -t pids < <(processes_in "$data")
        if ((${#pids[@]} == 0)); then
            as_owner rm -f "$data/postmaster.pid"
            return
        fi
        if ((tries == 0)); then
            say "Stopping the database that an earlier start left running ..."
            kill -s INT "${pids[@]}" 2>/dev/null || true
        elif ((tries == 250)); then
            kill -s QUIT "${pids[@]}" 2>/dev/null || true
        fi
        sleep 0.1
        stop_if_interrupted
    done
    fail "the database in $data is in use by the processes ${pids[*]}, which do not end."
}

# Starts the cluster and waits until it answers. Sets postgres, its pid, and postgres_port. $1: port to keep whatever happens.
start_postgres() {
    local log=$cluster/log
    clear_leftovers
    for _ in 1 2 3 4 5; do
        choose_postgres_port "${1:-}"
        [[ ! -f $log ]] || as_owner mv "$log" "$log.1"
        launch_postgres "$log"
        if postgres_answers; then
            return
        fi
        stop_child "$postgres" INT QUIT
        postgres=
        grep -q 'could not bind' "$log" || break
    done
    fail "PostgreSQL did not start: $(tail -n 3 "$log")"
}

# The port of the last start, so that tenants that name it keep their database; another one when it is taken.
choose_postgres_port() {
    postgres_port=${1:-$(cat "$cluster/port" 2>/dev/null || true)}
    if [[ -z $postgres_port ]] || { [[ -z ${1:-} ]] && port_is_taken "$postgres_port"; }; then
        postgres_port=$(free_port)
        say "$postgres_port" | as_owner tee "$cluster/port" >/dev/null
    fi
}

# In a session of its own, so that Ctrl-C reaches only this script, which stops the server before its database; and stopped by the
# kernel when this script is killed. Nobody but TCP clients on this machine reaches it: a socket file could have too long a path.
launch_postgres() {
    local as=()
    if ((EUID == 0)); then
        as=(--reuid="$owner" --regid="$(id -g "$owner")" --init-groups)
    fi
    as_owner touch "$1"
    (
        cd /
        exec setpriv "${as[@]}" --pdeathsig INT -- setsid "$postgres_bin/postgres" -D "$cluster/data" -p "$postgres_port" \
            -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c logging_collector=off \
            -c wal_level=logical -c max_wal_senders=100 -c max_replication_slots=100 -c max_connections=300 \
            -c max_slot_wal_keep_size=2GB
    ) </dev/null >>"$1" 2>&1 7>&- 8>&- 9>&- &
    postgres=$!
}

postgres_answers() {
    local tries
    for ((tries = 0; tries < 1200; tries++)); do
        kill -0 "$postgres" 2>/dev/null || return 1
        if "$postgres_bin/pg_isready" -q -h 127.0.0.1 -p "$postgres_port" -t 1; then
            # Ours, and not a stranger who was quicker to take the port.
            sleep 0.05
            kill -0 "$postgres" 2>/dev/null
            return
        fi
        sleep 0.1
        stop_if_interrupted
    done
    return 1
}
