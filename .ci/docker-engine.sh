#!/bin/sh
# Starts and stops Debian's own Docker engine, for the docker suite. `start` leaves an engine that already answers
# alone; `stop` ends only the engine that `start` began. Needs root; installs what is missing from Debian.
# Usage: .ci/docker-engine.sh start|stop|status
set -eu

state=/run/greenroom-docker-engine
pid_file=$state/dockerd.pid
log_file=$state/dockerd.log
patience_s=60

answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

# Ours only: the pid was written by us and is still a dockerd (pids are reused).
running_pid() {
  [ -r "$pid_file" ] || return 1
  pid=$(cat "$pid_file")
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ] || return 1
  echo "$pid"
}

install_missing() {
  wanted=''
  command -v dockerd >/dev/null || wanted="$wanted docker.io"
  command -v docker >/dev/null || wanted="$wanted docker.io"
  command -v iptables >/dev/null || wanted="$wanted iptables"
  command -v nft >/dev/null || wanted="$wanted nftables"
  # The dynamic busybox brings no `sh` of its own into an otherwise empty image; the static one needs nothing.
  command -v busybox >/dev/null || wanted="$wanted busybox-static"
  [ -n "$wanted" ] || return 0
  echo "installing:$wanted"
  apt-get update -qq
  # Debian's post-install script would start a service; here nothing runs that we did not start.
  # shellcheck disable=SC2086
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted >/dev/null
}

# Waits until the engine answers; 1 when it exits or takes too long.
wait_for_engine() {
  waited=0
  while ! answers; do
    kill -0 "$1" 2>/dev/null || return 1
    [ "$waited" -lt $((patience_s * 5)) ] || return 1
    waited=$((waited + 1))
    sleep 0.2
  done
}

try_engine() {
  echo "dockerd $*" >>"$log_file"
  setsid dockerd --pidfile "$state/engine.pid" "$@" >>"$log_file" 2>&1 </dev/null &
  echo $! >"$pid_file"
  wait_for_engine "$!" && return 0
  kill "$!" 2>/dev/null || true
  wait "$!" 2>/dev/null || true
  rm -f "$pid_file"
  return 1
}

start() {
  if answers; then
    echo "engine $(docker version --format '{{.Server.Version}}') already answers; left alone"
    return 0
  fi
  install_missing
  mkdir -p "$state"
  : >"$log_file"
  # A kernel without overlayfs (or a checkout on one) still runs with plain copies.
  try_engine || try_engine --storage-driver=vfs || {
    echo "dockerd does not start; its last lines:" >&2
    tail -n 20 "$log_file" >&2
    exit 3
  }
  echo "engine $(docker version --format '{{.Server.Version}}, {{.Server.Os}}/{{.Server.Arch}}') started, log in $log_file"
}

stop() {
  pid=$(running_pid) || {
    echo "no engine of ours runs"
    return 0
  }
  kill "$pid"
  waited=0
  while kill -0 "$pid" 2>/dev/null; do
    if [ "$waited" -ge 100 ]; then
      kill -9 "$pid"
      break
    fi
    waited=$((waited + 1))
    sleep 0.2
  done
  rm -f "$pid_file"
  echo "engine stopped"
}

case "${1:-}" in
start) start ;;
stop) stop ;;
status) if answers; then echo "engine $(docker version --format '{{.Server.Version}}') answers"; else echo "no engine answers"; exit 3; fi ;;
*)
  echo "usage: $0 start|stop|status" >&2
  exit 2
  ;;
esac
