# Two commands do everything on a fresh machine: `make run` and `make test`.
PYTHON ?= python3
MODE ?= adapter
MINUTES ?= 30
SEED ?= 0
# In how many processes tests run side by side; 0 is in this one.
PROCESSES ?= 0
IMAGES ?= chatcluster chatcluster-operator
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help install run test test-tools soak e2e images bench coverage check format generate lock clean

help: ## Show this list.
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMPS)/run ## Set up .venv with what `make run` needs.

run: install ## Two gateways, a hub and a Valkey on this machine (make run MODE=postgres).
	@exec $(BIN)/chatcluster run --mode $(MODE)

test: test-tools ## All tests, with their set-up.
	$(BIN)/python -m pytest $(if $(filter-out 0,$(PROCESSES)),-n $(PROCESSES) --dist loadfile) $(ARGS)

test-tools: $(STAMPS)/dev $(STAMPS)/node $(STAMPS)/browser $(STAMPS)/helm ## Only the set-up of the tests.

soak: $(STAMPS)/dev $(STAMPS)/node ## Everything that can break, at random, for 30 minutes (make soak MINUTES=5 SEED=2).
	$(BIN)/python -m tests.soak --minutes $(MINUTES) --seed $(SEED)

e2e: $(STAMPS)/dev $(STAMPS)/node $(STAMPS)/helm ## Tests on the cluster that KUBECONFIG names, which has to have the images.
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m pytest tests/e2e_cluster $(ARGS)

images: ## Build the images (make images IMAGE_REGISTRY=registry.example/team IMAGE_TAG=1.2.3).
	@IMAGE_REGISTRY="$(IMAGE_REGISTRY)" IMAGE_TAG="$(IMAGE_TAG)" docker/build $(IMAGES)

bench: $(STAMPS)/dev $(STAMPS)/node ## What a delivery costs, beside Node (ARGS="--only Node 'adapter, classic'").
	$(BIN)/python -m benchmarks --write $(ARGS)

coverage: $(STAMPS)/dev ## Unit tests alone (PROCESSES=, ARGS=): every branch of the pure code must be taken.
	$(BIN)/python -m pytest -q $(if $(filter-out 0,$(PROCESSES)),-n $(PROCESSES) --dist loadfile) tests/unit $(wildcard tests/operator/test_*_table.py tests/operator/test_co*.py) tests/operator/test_status.py tests/operator/test_plan_properties.py --cov=chatcluster.core --cov=chat_gateway.chat.domain $(foreach pure,patterns identity claims keys tokens signing,--cov=chat_gateway.access.$(pure)) --cov=chat_gateway.moderation.rules --cov=chat_gateway.moderation.orders --cov=chatcluster.chat.message $(foreach pure,balancing changing conditions events leaving needs notes pace plan statements status steps view wanting warnings,--cov=chat_operator.$(pure)) --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100 $(ARGS)

check: $(STAMPS)/dev ## Format, lint, types, layers, generated files.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/file_sizes.py
	! git grep -nE '^(<{7}|>{7}) ' # what a merge left
	$(BIN)/python -m tests.contract.modes_page --check
	$(BIN)/python -m tests.contract.openapi_files --check
	$(BIN)/python -m tests.metrics_page --check
	$(BIN)/python -m charts.generate --check

generate: $(STAMPS)/dev ## Write what is made from other files: the tables in docs/modes.md and operation.md, the chart's schema and README.
	$(BIN)/python -m tests.contract.modes_page
	$(BIN)/python -m tests.contract.openapi_files
	$(BIN)/python -m tests.metrics_page
	$(BIN)/python -m charts.generate

format: $(STAMPS)/dev ## Format and fix what can be fixed.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# With hashes, pip takes what is asked for with extras only where the lock names them, too.
lock: $(STAMPS)/dev ## Resolve the newest versions and write the lock files anew.
	cd requirements && ../$(BIN)/pip-compile -q --upgrade --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --allow-unsafe --strip-extras --extra local -o run.txt ../pyproject.toml build.in
	cd requirements && ../$(BIN)/pip-compile -q --upgrade --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --allow-unsafe --no-strip-extras --extra local --extra operator --extra otel --extra dev -c run.txt -o dev.txt ../pyproject.toml build.in
	cd requirements && ../$(BIN)/pip-compile -q --upgrade --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --allow-unsafe --no-strip-extras --extra otel -c run.txt -o image.txt ../pyproject.toml
	cd requirements && ../$(BIN)/pip-compile -q --upgrade --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --allow-unsafe --strip-extras -c dev.txt --extra operator -o operator-image.txt ../pyproject.toml
	cd requirements && ../$(BIN)/pip-compile -q --upgrade --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --allow-unsafe --strip-extras -c run.txt -o build.txt build.in
	cd requirements && ../$(BIN)/pip-compile -q --upgrade --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --allow-unsafe --strip-extras -c run.txt -o dev-image.txt dev-image.in
	cd examples/nats-mode && ../../$(BIN)/pip-compile -q --upgrade --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --allow-unsafe --strip-extras -o requirements.txt requirements.in
	cd tests && npm update --package-lock-only --omit-lockfile-registry-resolved

clean: ## Remove what was set up here.
	rm -rf $(VENV) tests/node_modules

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed (make PYTHON=...)" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(STAMPS)/run: requirements/run.txt pyproject.toml | $(BIN)/python
	$(BIN)/pip install -q --require-hashes -r requirements/run.txt
	@# The warning that is ignored says that an editable install is an editable install.
	PYTHONWARNINGS=ignore $(BIN)/pip install -q --no-deps --no-build-isolation -e .
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/dev: requirements/dev.txt $(STAMPS)/run
	$(BIN)/pip install -q --require-hashes -r requirements/dev.txt
	@touch $@

$(STAMPS)/node: tests/package-lock.json $(STAMPS)/run
	tests/setup-node.sh
	@touch $@

$(STAMPS)/browser: tests/setup-browser.sh $(STAMPS)/run
	tests/setup-browser.sh
	@touch $@

$(STAMPS)/helm: tests/setup-helm.sh $(STAMPS)/run
	tests/setup-helm.sh $(BIN)
	@touch $@
