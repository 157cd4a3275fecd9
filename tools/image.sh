#!/usr/bin/env bash
# Builds the container image: production dependencies by npm on this machine, sources without their tests, and a
# Dockerfile that only copies. Settings: IMAGE (reference), BASE_IMAGE (with Node 24), PLATFORM (linux/amd64 or
# linux/arm64; this machine's own if not given), BUILDER (docker, podman or buildah; the first there is).
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '  %s\n' "$*" >&2; }
fail() { printf 'image: %s\n' "$*" >&2; exit 1; }

version=$(node -p 'require("./package.json").version')
: "${IMAGE:=localhost/smart-home-bridge:$version}"
: "${PLATFORM:=linux/$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')}"
case $PLATFORM in
  linux/amd64) cpu=x64 ;;
  linux/arm64) cpu=arm64 ;;
  *) fail "PLATFORM must be linux/amd64 or linux/arm64; given: $PLATFORM" ;;
esac

if [ -z "${BUILDER:-}" ]; then
  for candidate in docker podman buildah; do
    # `info` fails where only the client of a daemon is installed.
    if "$candidate" info >/dev/null 2>&1; then BUILDER=$candidate; break; fi
  done
fi
[ -n "${BUILDER:-}" ] || fail "none of docker, podman and buildah works here; each can build the image (apt-get install buildah)"
command -v "$BUILDER" >/dev/null || fail "$BUILDER is not installed"

stage=.local/image/$cpu
mkdir -p "$stage/dependencies"

# The dependencies change rarely: they are installed again only when the lockfile changed.
if ! cmp -s package-lock.json "$stage/installed-package-lock.json"; then
  say "production dependencies for $PLATFORM …"
  rm -f "$stage/installed-package-lock.json"
  cp package.json package-lock.json "$stage/dependencies/"
  (cd "$stage/dependencies" &&
    npm ci --omit=dev --ignore-scripts --os=linux --cpu="$cpu" --libc=glibc --loglevel=error --no-fund --no-audit)
  # The project's own Node is for the developer's machine; the base image has one.
  rm -rf "$stage"/dependencies/node_modules/node-linux-* "$stage"/dependencies/node_modules/.bin/node
  cp package-lock.json "$stage/installed-package-lock.json"
fi

say "sources …"
rm -rf "$stage/context"
mkdir -p "$stage/context/app"
ln "$(pwd)/Dockerfile" "$stage/context/Dockerfile" 2>/dev/null || cp Dockerfile "$stage/context/Dockerfile"
tar -c --exclude=test --exclude=bench --exclude=testkit --exclude='*.md' package.json packages services operator \
  local/bigquery | tar -x -C "$stage/context/app"
cp -al "$stage/dependencies/node_modules" "$stage/context/node_modules" 2>/dev/null ||
  cp -a "$stage/dependencies/node_modules" "$stage/context/node_modules"

say "$IMAGE by $BUILDER …"
arguments=(build --platform "$PLATFORM" -t "$IMAGE")
[ -z "${BASE_IMAGE:-}" ] || arguments+=(--build-arg "BASE_IMAGE=$BASE_IMAGE")
"$BUILDER" "${arguments[@]}" "$stage/context" >&2
say "built $IMAGE"
