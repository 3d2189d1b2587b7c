# make run, make test: everything on a machine with Python 3.11 and make. make help tells the rest.
PYTHON ?= python3.11
BIN := .venv/bin
.DEFAULT_GOAL := help

.PHONY: help run test test-long order fuzz coverage readers superset ui bench setup setup-dev system-packages lint types layers lock generate generate-demo clean

help:  ## Show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

run: setup  ## Demo province, seven days, all the way to a published file (some data is refused, by design)
	@$(BIN)/khotinh demo run; code=$$?; [ $$code -eq 0 ] || [ $$code -eq 3 ] || exit $$code; exit 0

test: setup-dev  ## All tests but the longest, in three processes: two cores have room for the waits of a third
	@$(BIN)/pytest -m "not long" --numprocesses $${KHOTINH_TEST_PROCESSES:-3} --dist loadgroup --no-loadscope-reorder

test-long: setup-dev readers  ## The longest runs: a week backwards or of unusable files, persons in every row, a closed month corrected, rules mended
	@$(BIN)/pytest -m long

coverage: setup-dev  ## All tests with branch coverage, commands in processes of their own included
	@COVERAGE_PROCESS_START=pyproject.toml $(BIN)/pytest --cov --cov-report=term-missing:skip-covered

order: setup-dev  ## Any order of the same arrivals gives the same marts: 200 schedules instead of a few (about 20 minutes)
	@KHOTINH_ORDER_EXAMPLES=$${KHOTINH_ORDER_EXAMPLES:-200} $(BIN)/pytest tests/pipeline/test_order.py

fuzz: setup-dev  ## Spoils files of every layout for FUZZ_SECONDS (600): each must be read or refused by name
	@$(BIN)/python -m tests.fuzz $${FUZZ_SECONDS:-600}

readers: .venv/bin/uv  ## Older DuckDBs, in environments of their own, that read what is published
	@for release in 1.2.2 1.4.4; do test -e .readers/duckdb-$$release/bin/python || { \
	  $(BIN)/uv venv --quiet --python $(PYTHON) .readers/duckdb-$$release && \
	  $(BIN)/uv pip install --quiet --python .readers/duckdb-$$release/bin/python duckdb==$$release; }; done

superset: setup-dev .venv-superset/.done  ## A real Apache Superset: dashboard imported, read through ten publishes (2 minutes)
	@$(BIN)/pytest -m superset

ui: setup  ## Dagster's pages on the demo province, http://127.0.0.1:3000
	@$(BIN)/khotinh ui --demo

bench: .venv/.bench  ## Speed and memory, as ratios in one run
	@$(BIN)/python -m benchmarks && $(BIN)/python -m benchmarks.delimited_file
	@$(BIN)/python -m benchmarks.history --scale $${KHOTINH_BENCH_SCALE:-1}
	@$(BIN)/python -m benchmarks.publishing --scale $${KHOTINH_BENCH_SCALE:-0.5}

setup: .venv/.run  ## Install what a run needs
setup-dev: .venv/.dev  ## Install what the tests need too

system-packages: export PATH := $(PATH):/usr/sbin
system-packages:  ## Install Samba, Chromium and PostgreSQL by apt-get as root, no service started: tests use them, or are skipped
	@missing=; command -v smbd >/dev/null || missing="samba"; \
	command -v chromium >/dev/null || missing="$$missing chromium fonts-noto-core"; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing postgresql"; \
	[ -n "$$missing" ] || exit 0; \
	command -v apt-get >/dev/null || { echo "There is no apt-get here: install $$missing by hand."; exit 1; }; \
	root="sudo -n"; [ "$$(id -u)" -ne 0 ] || root=; \
	if [ -d /run/systemd/system ]; then $$root systemctl mask --quiet smbd nmbd samba-ad-dc postgresql; fi; \
	$$root mkdir -p /etc/postgresql-common; \
	echo "create_main_cluster = false" | $$root tee /etc/postgresql-common/createcluster.conf >/dev/null; \
	$$root timeout 120 apt-get update -qq; \
	$$root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -o Acquire::http::Timeout=20 --no-install-recommends \
	  $$missing >/dev/null

.venv/bin/uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "Python 3.11 is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

.venv/.run .venv/.dev .venv/.bench: .venv/.%: requirements/%.txt pyproject.toml .venv/bin/uv
	@echo "Installing requirements/$*.txt"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements/$*.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.venv-superset/.done: requirements/superset.txt .venv/bin/uv
	@$(BIN)/uv venv --quiet --allow-existing --python $(PYTHON) .venv-superset
	@$(BIN)/uv pip install --quiet --python .venv-superset/bin/python --compile-bytecode --require-hashes -r requirements/superset.txt
	@touch $@

lint: setup-dev  ## ruff and sqlfluff
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/sqlfluff lint --processes 2 dbt_project/models

types: setup-dev  ## mypy, strict
	@$(BIN)/mypy

layers: setup-dev  ## Imports flow one way
	@$(BIN)/lint-imports

lock: .venv/bin/uv  ## Resolve the locks again (hashes, no addresses)
	@for set in run dev bench; do \
	  case $$set in run) extra="--extra demo";; *) extra="--extra $$set";; esac; \
	  $(BIN)/uv pip compile pyproject.toml $$extra --quiet --generate-hashes --no-emit-index-url --no-header --no-annotate \
	    --python-version 3.11 -o requirements/$$set.txt; done
	@$(BIN)/uv pip compile requirements/superset.in --quiet --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --python-version 3.11 -o requirements/superset.txt

generate: setup-dev  ## Write dbt's sources from the contracts, and the indicators' models and page from their registry
	@$(BIN)/python -m pipelines.contracts_to_dbt && $(BIN)/python -m pipelines.indicators_to_dbt

generate-demo: setup-dev  ## Write the demo's registers (over your own!) and docs/faults.md
	@$(BIN)/python -m demo.registry && $(BIN)/python -m demo.fault_matrix

clean:  ## Remove the environment and everything that runs wrote
	@rm -rf .venv .venv-superset .readers data .pytest_cache .mypy_cache .ruff_cache
