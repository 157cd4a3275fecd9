#!/usr/bin/env bash
# Further opinions on k8s-out/, of tools that `make check` cannot count on: each is run where it is installed, and named where
# it is not. The rules that must hold are tests: charts/test/rules.test.ts.
set -euo pipefail
cd "$(dirname "$0")/.."

# opinion TOOL "how to get it" ARGUMENTS...
opinion() {
  local tool=$1 hint=$2
  shift 2
  if command -v "$tool" >/dev/null; then "$tool" "$@"; else printf '  %s is not installed, not run (%s)\n' "$tool" "$hint" >&2; fi
}

# Definitions and resources of others have no schema there: they are named and passed over.
opinion kubeconform "go install github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0" \
  -strict -summary -skip CustomResourceDefinition,SensorFleet,PodMonitoring,Rules,ScaledObject,APIService k8s-out
opinion kube-linter "https://docs.kubelinter.io" lint --config tools/kube-linter.yaml k8s-out
