# make demo   a first dataset with a report, from nothing but Python >= 3.11
# make test   everything that this machine can test; says what it leaves out
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO_OUT ?= demo-out

.PHONY: help demo test test-fast test-slow test-cluster cluster-up cluster-down crds lint format lock docs bench clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

$(VENV)/.local: requirements/local.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "vrdata needs Python >= 3.11; name one: make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/local.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.local
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

demo: $(VENV)/.local ## install, make the demo dataset, say where its report is
	test -f demo.yaml || $(BIN)/vrdata init demo --output demo.yaml
	$(BIN)/vrdata run demo.yaml --local --out $(DEMO_OUT)
	$(BIN)/vrdata verify $(DEMO_OUT)

test: lint test-fast test-slow test-cluster ## every check and test that this machine can run

lint: $(VENV)/.dev ## style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test-fast: $(VENV)/.dev ## tests without servers, workers and browsers (under 2 minutes)
	$(BIN)/pytest -q -n 2 -m "not slow and not cluster"

test-slow: $(VENV)/.dev ## tests with workers, an S3 server, environments and a browser
	$(BIN)/pytest -q -n 2 -m "slow and not cluster"

test-cluster: $(VENV)/.dev ## tests on a real cluster of one node, made for them (needs root, Go)
	$(BIN)/pytest -q -m cluster

cluster-up: ## start that cluster, with vrdata installed, to try things
	@PYTHONPATH=tests $(PYTHON) -m support.cluster up

cluster-down: ## remove it from the machine
	@PYTHONPATH=tests $(PYTHON) -m support.cluster down

bench: $(VENV)/.dev ## all benchmarks, one table of ratios
	$(BIN)/python -m benchmarks

format: $(VENV)/.dev ## apply the formatter
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

crds: $(VENV)/.dev ## regenerate the CustomResourceDefinitions, in crds/ and in the chart
	$(BIN)/python hack/generate_crds.py

docs: $(VENV)/.dev ## regenerate the generated pages
	$(BIN)/python hack/generate_docs.py
	$(BIN)/python hack/generate_dashboards.py
	$(BIN)/python hack/generate_chart.py

lock: ## renew the pinned requirements (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra local pyproject.toml requirements/build.in -o requirements/local.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra operator pyproject.toml requirements/build.in -o requirements/operator.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra dev pyproject.toml requirements/build.in -o requirements/dev.txt

clean: ## remove the environment, caches and the demo dataset (not demo.yaml: it may be yours)
	rm -rf $(VENV) $(DEMO_OUT) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
