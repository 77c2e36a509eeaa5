# What a person types. `make help` prints each target with the words behind its ##.
# Everything happens in this folder (.venv/, instance/); only missing Debian packages are installed
# outside it, and only when make runs as root.

HOST = 127.0.0.1
PORT ?= 8000
PYTEST_ARGS ?= -n 2 --dist loadfile
BIN = .venv/bin
TYPED = analysis survey ops benchmarks
CHECKED = $(TYPED) tests migrations

# Compiled modules make the second start three times as fast; some images turn them off.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test test-unit lint format translate bench lock environment environment-dev clean

help: ## list the targets
	@sh ops/help.sh $(MAKEFILE_LIST)

run: ## set up what is missing, load a demo district, serve on 127.0.0.1:8000 (PORT=8001 for another port)
	@exec sh ops/run.sh "$(HOST)" "$(PORT)"

test: environment-dev lint ## bring what the tests need, then run all of them (PYTEST_ARGS= for other options)
	@sh ops/test_parts.sh
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

test-unit: environment-dev ## the tests that need no browser and no PostgreSQL
	@$(BIN)/python -m pytest $(PYTEST_ARGS) -m "not browser and not postgres"

lint: environment-dev ## check style, types and templates
	@$(BIN)/ruff check $(CHECKED)
	@$(BIN)/ruff format --check $(CHECKED)
	@$(BIN)/mypy $(TYPED)

format: environment-dev ## bring the code to the common style
	@$(BIN)/ruff check --fix-only $(CHECKED)
	@$(BIN)/ruff format $(CHECKED)

bench: environment-dev ## measure, each figure against a yardstick; writes benchmarks/results/
	@$(BIN)/python -m benchmarks

translate: environment-dev ## collect the messages for translation, update the catalogues
	@$(BIN)/pybabel -q extract -F ops/babel.cfg -k _l -k lazy_gettext --no-wrap -o survey/translations/messages.pot .
	@$(BIN)/pybabel -q update -i survey/translations/messages.pot -d survey/translations --no-wrap

lock: environment-dev ## renew the locks from the .in files (UPGRADE=--upgrade takes newer versions)
	@sh ops/lock.sh $(UPGRADE)

environment: ## only make the virtual environment and install the lock
	@sh ops/environment.sh run

environment-dev:
	@sh ops/environment.sh dev

clean: ## remove what set-up and tests made; instance/ with its data stays
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} +
