# Everything a developer or a newcomer does. `make` lists it.
SHELL := /bin/bash
PY := .venv/bin/python
.DEFAULT_GOAL := help
.PHONY: help setup setup-test demo test check bench lock format licences clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: ## install what running needs (apt and PyPI), build .venv with the nap command
	@packaging/setup.sh run

setup-test: ## the same, with what the tests need
	@packaging/setup.sh test

demo: setup ## the whole product on one machine; console at http://127.0.0.1:8080/
	@$(PY) packaging/demo/demo.py

check: setup-test ## lint, types, import rules, spelling
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/codespell

test: setup-test ## everything that needs no virtual machine
	$(PY) -m pytest -n 2 --dist loadgroup $(PYTEST_ARGS)

bench: setup-test ## measure speed, latency and memory; table and build/bench.json
	@$(PY) packaging/bench/bench.py

format: setup-test ## format the code and repair what the linter can
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

lock: setup-test ## renew the hashed locks from pyproject.toml
	@packaging/lock.sh

licences: setup-test ## renew the list of third-party licences
	@packaging/licences.sh

clean: ## remove the environment and build output
	rm -rf .venv build
