.DEFAULT_GOAL := help
SHELL := /bin/bash
export DURATION QUERY TOPIC FROM REASON TENANT SINCE DRY_RUN IMAGE BASE_IMAGE PLATFORM BUILDER PROJECT REGION GKE_IMAGE DEVICE_HOST KUBECONFIG NAMESPACE DEVICES BURST
NPM_RUN := npm --loglevel=error run --silent

.PHONY: help demo sql tail replay-dead-letters reappend setup setup-npm setup-demo image manifests hpa-demo test test-unit test-integration test-failure test-cluster e2e check lint types docs bench bigquery clean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: setup-demo ## Run the whole pipeline here, with the audit at the end (DURATION=60 stops it after a minute)
	@$(NPM_RUN) demo -- $(ARGS)

sql: setup-demo ## Ask the demo's BigQuery: a prompt, or QUERY="SELECT ..."
	@$(NPM_RUN) sql

tail: setup-demo ## Show the records of a topic as they come (TOPIC=readings, dead-letters; FROM=start: all there are)
	@$(NPM_RUN) tail

replay-dead-letters: setup-demo ## Send rejected readings again, after their cause was mended (REASON, TENANT, SINCE=2h, DRY_RUN=true)
	@$(NPM_RUN) replay-dead-letters

reappend: setup-npm ## Let stopped writers append again what is gone from the table (SINCE=2h, DRY_RUN, KAFKA_BROKERS, BIGQUERY_PROJECT)
	@$(NPM_RUN) reappend

setup: ## Install what is missing for everything (npm packages, Mosquitto, Prometheus for its tests)
	@tools/setup.sh

image: ## Build the container image with docker, podman or buildah (IMAGE, BASE_IMAGE, PLATFORM, BUILDER)
	@tools/image.sh

manifests: setup-npm ## Write k8s-out/ from charts/ (IMAGE, DEVICE_HOST; for GKE: PROJECT, REGION, GKE_IMAGE)
	@$(NPM_RUN) manifests

hpa-demo: setup-npm ## Show the autoscaler at work on a cluster: CSV and SVG timeline (KUBECONFIG, DEVICES, BURST)
	@$(NPM_RUN) hpa-demo

setup-npm:
	@tools/setup.sh npm

setup-demo:
	@tools/setup.sh demo

test: setup ## All tests, on real servers: unit, integration, failure
	@$(NPM_RUN) test

test-unit: setup ## Tests that need no server
	@$(NPM_RUN) test -- --project unit

test-integration: setup ## Tests against real servers
	@$(NPM_RUN) test -- --project integration

test-failure: setup ## Tests that kill, stop and load the servers; minutes
	@$(NPM_RUN) test -- --project failure

test-cluster: setup ## Tests against a real Kubernetes API server (KUBE_BINARIES, or built once with Go: ten minutes)
	@$(NPM_RUN) test:cluster -- $(ARGS)

e2e: setup-npm ## The portable set on a real cluster, from nothing to nothing; about a quarter of an hour (KUBECONFIG)
	@$(NPM_RUN) e2e

check: setup ## Types, lint, layout, and generated files that are out of date
	@$(NPM_RUN) types && $(NPM_RUN) lint && $(NPM_RUN) docs:check && $(NPM_RUN) manifests:check && tools/check-manifests.sh && echo "  all good"

lint: setup ## ESLint and Prettier
	@$(NPM_RUN) lint

docs: setup ## Write the generated parts of the documentation
	@$(NPM_RUN) docs

bench: setup ## Measure speed and memory; prints a table, writes .local/bench.json
	@$(NPM_RUN) bench

bigquery: setup-demo ## Run the embedded BigQuery on ports 9050 and 9060, data in .local/bigquery
	@$(NPM_RUN) bigquery

clean: ## Remove what setup, tests and runs have made, except npm packages
	rm -rf .local coverage
