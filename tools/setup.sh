#!/usr/bin/env bash
# Installs what the project needs and is not there yet. Safe to run again: what is there is left alone.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '  %s\n' "$*" >&2; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# need COMMAND "how to get it"
need() { command -v "$1" >/dev/null || fail "$1 is missing. $2"; }

need node "Install Node.js 20 or newer (https://nodejs.org); the project brings its own Node 24 for itself."
need npm "Install npm (it comes with Node.js)."
# `setup.sh npm`: only what commands need that start no server here.
only_npm=$([ "${1:-}" = npm ] && echo yes || echo no)
if [ "$only_npm" = no ]; then
  need java "Install Java 17 or newer: apt-get install openjdk-17-jre-headless"
  need mvn "Install Maven: apt-get install maven"
  need python3 "Install Python 3 with venv: apt-get install python3-venv"
fi

major=$(node -p 'process.versions.node.split(".")[0]')
[ "$major" -ge 20 ] || fail "Node.js $(node -v) is too old: 20 or newer is needed."

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

[ "$only_npm" = no ] || exit 0

if ! command -v mosquitto >/dev/null && [ ! -x /usr/sbin/mosquitto ]; then
  hint="Install Mosquitto: apt-get install mosquitto"
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then fail "mosquitto is missing. $hint"; fi
  say "Mosquitto from Debian …"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mosquitto; } \
    >/dev/null || fail "mosquitto could not be installed. $hint"
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
