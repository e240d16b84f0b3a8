# make demo   generate a first dataset with a report; needs only Python >= 3.11
# make test   what a contributor runs before each commit; lists the tests that it does not run
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO_OUT ?= demo-out

TORCH := $(VENV)-torch

FAST := not slow and not cluster and not torch

.PHONY: help demo test test-all test-fast test-smoke test-slow test-torch test-api test-cluster
.PHONY: cluster-up cluster-down crds lint format lock docs chaos bench clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

$(VENV)/.local: requirements/local.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "vrdata needs Python >= 3.11: try make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/local.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q vrdata worker operator generators # children do not write compiled files
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.local
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

# PyTorch alone; everything else comes from the environment of the tests.
$(TORCH)/.torch: requirements/torch.txt $(VENV)/.dev
	test -x $(TORCH)/bin/python || $(PYTHON) -m venv $(TORCH)
	$(TORCH)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/torch.txt
	packages() { "$$1" -c 'import site; print(site.getsitepackages()[0])'; } && \
	  echo "import site; site.addsitedir('$$(packages $(abspath $(BIN))/python)')" \
	  > "$$(packages $(TORCH)/bin/python)/tests.pth"
	ln -sf $(abspath $(BIN))/vrdata $(TORCH)/bin/
	@touch $@

demo: $(VENV)/.local ## install, generate the demo dataset, print the path of its report
	test -f demo.yaml || $(BIN)/vrdata init demo --output demo.yaml
	$(BIN)/vrdata run demo.yaml --local --out $(DEMO_OUT)
	$(BIN)/vrdata verify $(DEMO_OUT)

test: lint ## run before each commit: lint, fast tests, each part once end to end (8 minutes)
	$(BIN)/pytest -q -n 2 -m "($(FAST)) or smoke" --report-tiers

test-all: ## run every check and test (30 minutes)
	@$(PYTHON) hack/test_all.py

lint: $(VENV)/.dev ## check style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test-fast: $(VENV)/.dev ## run the tests that need no server, worker or browser (2 minutes)
	$(BIN)/pytest -q -n 2 -m "$(FAST)"

test-smoke: $(VENV)/.dev ## run the slow tests that show each part once, end to end
	$(BIN)/pytest -q -n 2 -m smoke

test-slow: $(VENV)/.dev ## run the other tests with workers, S3, environments, helm or a browser
	$(BIN)/pytest -q -n 2 --dist loadfile -m "slow and not smoke and not cluster"

test-torch: $(TORCH)/.torch ## run the tests with PyTorch, in an environment of its own (5 GB)
	$(TORCH)/bin/python -m pytest -q -n 2 -m torch

test-api: $(VENV)/.dev ## run the tests on a Kubernetes API server (needs Go)
	$(BIN)/pytest -q -m cluster --ignore=tests/cluster

test-cluster: $(VENV)/.dev ## run the tests on a cluster of one node (needs root and Go)
	$(BIN)/pytest -q -m cluster tests/cluster

cluster-up: ## start such a cluster with vrdata installed
	@PYTHONPATH=tests $(PYTHON) -m support.cluster up

cluster-down: ## remove it from the machine
	@PYTHONPATH=tests $(PYTHON) -m support.cluster down

chaos: $(VENV)/.dev ## disturb runs on this machine and check every byte; CHAOS="--seed 7 --rounds 5"
	@PYTHONPATH=tests $(BIN)/python -m chaos $(CHAOS)

bench: $(VENV)/.dev ## run all benchmarks; prints one table of ratios
	$(BIN)/python -m benchmarks

format: $(VENV)/.dev ## apply the formatter
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

crds: $(VENV)/.dev ## regenerate the CustomResourceDefinitions in crds/ and in the chart
	$(BIN)/python hack/generate_crds.py

docs: $(VENV)/.dev ## regenerate the generated pages
	$(BIN)/python hack/generate_docs.py
	$(BIN)/python hack/generate_dashboards.py
	$(BIN)/python hack/generate_chart.py

lock: ## update the pinned requirements (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra local pyproject.toml requirements/build.in -o requirements/local.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra operator pyproject.toml requirements/build.in -o requirements/operator.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra dev pyproject.toml requirements/build.in -o requirements/dev.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  -c requirements/dev.txt requirements/torch.in -o requirements/torch.txt

clean: ## remove the environment, caches and the demo dataset (keeps demo.yaml)
	rm -rf $(VENV) $(TORCH) $(DEMO_OUT) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache test-logs
