# Every target does its own set-up first; `make` alone lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup demo up down test drills test-fast lint format bench clean

# Airflow starts many times slower without bytecode, and every terminal must be able to show every language.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONUTF8 := 1

BIN := .venv/bin
# Most tests wait for a page rather than for a processor. A file's tests share what they start.
SPREAD := -n 4 --dist loadfile
# Settings of your own, see .env.example; tests run without them.
WITH_ENV := set -a; [ ! -f .env ] || . ./.env; set +a;

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: ## Install what is missing: uv, the Python packages, a browser
	@$(WITH_ENV) sh scripts/setup.sh

demo: setup ## Run a batch from request to Parquet and callback; LIVE=1 asks the live site
	@$(WITH_ENV) $(BIN)/completions demo $(if $(LIVE),--live)

up: setup ## Start the embedded Airflow
	@$(WITH_ENV) $(BIN)/completions up

down: ## Stop the embedded Airflow and the rehearsal, to the last process
	@[ ! -x $(BIN)/completions ] || { $(WITH_ENV) $(BIN)/completions down; }

test: lint ## Check and test everything
	$(BIN)/python -m pytest -m "not drill" $(SPREAD)

drills: setup ## The long exercises: whole batches, faults, workers that die, exits; ARGS="-k cluster" picks some, WHOLE=1 adds the longest
	@sh scripts/drills.sh $(ARGS)

test-fast: setup ## Only the tests that need neither a browser nor Airflow
	$(BIN)/python -m pytest -m "not drill and not airflow and not browser" $(SPREAD)

lint: setup ## Style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: setup ## Put the code into its style, and write what is made from it
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/python -m completions.settings > .env.example

bench: setup ## Measure a batch against the limit; ARGS="--prompts 60 --latency 5"
	$(BIN)/python bench/batch.py $(ARGS)

clean: down ## Remove all that was set up and built; the batches in .completions stay
	rm -rf .airflow .venv .tools .mypy_cache .pytest_cache .ruff_cache .hypothesis
