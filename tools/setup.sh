#!/usr/bin/env bash
# Installs what is needed and is not there yet. Safe to run again: what is there is left alone. How much is needed:
#   setup.sh npm    commands that start no server here
#   setup.sh demo   the pipeline on this machine: also Java, Maven and Mosquitto
#   setup.sh        tests, checks and benchmarks: also Python and Prometheus
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '  %s\n' "$*" >&2; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

level=${1:-all}
case $level in npm | demo | all) ;; *) fail "no such level: $level (npm, demo, all)" ;; esac

# Everything that is missing is said at once: one after the other would cost a run for each.
missing=()
lacks() { missing+=("$1 is missing. $2"); }
# need COMMAND "how to get it"
need() { command -v "$1" >/dev/null || lacks "$1" "$2"; }

has_mosquitto() { command -v mosquitto >/dev/null || [ -x /usr/sbin/mosquitto ]; }
can_install() { [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; }
mosquitto_hint="Install Mosquitto: apt-get install mosquitto"

need node "Install Node.js 20 or newer (https://nodejs.org); the project brings its own Node 24 for itself."
need npm "Install npm (it comes with Node.js)."
if command -v node >/dev/null; then
  major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$major" -ge 20 ] || missing+=("Node.js $(node -v) is too old. Install Node.js 20 or newer (https://nodejs.org).")
fi
if [ "$level" != npm ]; then
  need java "Install Java 17 or newer: apt-get install openjdk-17-jre-headless"
  need mvn "Install Maven: apt-get install maven"
  has_mosquitto || can_install || lacks mosquitto "$mosquitto_hint"
fi
if [ "$level" = all ]; then
  # ensurepip is what Debian's python3 lacks without python3-venv.
  python3 -c 'import ensurepip, venv' 2>/dev/null ||
    lacks "python3 with venv" "Install Python 3 with venv: apt-get install python3-venv"
fi
if [ ${#missing[@]} -gt 0 ]; then fail "first of all:$(printf '\n  %s' "${missing[@]}")"; fi

stamp=node_modules/.package-lock.json
if [ ! -e "$stamp" ] || [ package-lock.json -nt "$stamp" ]; then
  say "npm packages …"
  npm ci --loglevel=error --no-fund --no-audit
fi

# Node 24 comes as an optional package, which npm leaves out without a word where it does not fit or is told to.
if [ ! -x node_modules/.bin/node ]; then
  fail "npm installed no node_modules/.bin/node, the Node 24 that the project runs on. It exists for Linux on x64 and arm64 \
(this is $(uname -sm)); there, check that npm does not omit optional packages (npm config get omit), delete node_modules and run again."
fi

[ "$level" != npm ] || exit 0

if ! has_mosquitto; then
  say "Mosquitto from Debian …"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mosquitto; } \
    >/dev/null || fail "mosquitto could not be installed. $mosquitto_hint"
fi

if [ "$level" = demo ]; then
  say "ready"
  exit 0
fi

# Only the tests of dashboards and rules need it. Taken out of Debian's package: to install that one starts a service.
prometheus=.local/prometheus
if ! command -v prometheus >/dev/null && [ ! -x "$prometheus/usr/bin/prometheus" ]; then
  say "Prometheus from Debian, into $prometheus …"
  fetched=$(mktemp -d)
  trap 'rm -rf "$fetched"' EXIT
  fetch() { (cd "$fetched" && apt-get download -q prometheus) >/dev/null 2>&1; }
  if fetch || { [ "$(id -u)" -eq 0 ] && apt-get update -qq && fetch; } >/dev/null 2>&1; then
    mkdir -p "$prometheus" && dpkg-deb -x "$fetched"/prometheus_*.deb "$prometheus"
  else
    say "not there: the tests of dashboards and alerts need Debian's package prometheus"
  fi
fi
say "ready"
