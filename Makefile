# Nothing but python3 (3.11 or later, with venv) and make is needed on a fresh machine.
#
#   make demo               a story in Chinese on an embedded SQLite file, told by the command line
#   make serve              the same story as a service desk to log in to, in Chinese and English
#   make test               everything, each proof at one per cent; prints its time
#   make lint               ruff, mypy --strict, import-linter
#   make bench              ours beside the floors and the best peer, into docs/reference/benchmarks.md
#   make proof NAME=…       a long run; stops and goes on where it was; figures into docs/proof/NAME.md
#   make screenshots        every page by role, language and width into build/screenshots, looked over for overflow and words
#   make docs               the pages as HTML, warnings are errors
#   make lowest             the tests again with the lowest versions that the distributions promise
#   make coverage           `make test` with branch coverage
#   make clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.setup-done
PYTEST_FLAGS ?= -n 2 -q

# Every distribution of the house, with the extras that its tests need.
EXTRAS := cli,numpy,dev
EDITABLE = -e ".[$(EXTRAS)]"
ifneq ($(wildcard plugins/careplug-sqlalchemy/pyproject.toml),)
EDITABLE += -e "plugins/careplug-sqlalchemy[postgresql,mysql]"
endif
ifneq ($(wildcard plugins/careplug-holidays/pyproject.toml),)
EDITABLE += -e plugins/careplug-holidays
endif
ifneq ($(wildcard plugins/careplug-crypto/pyproject.toml),)
EDITABLE += -e plugins/careplug-crypto
endif
ifneq ($(wildcard contrib/flask_ext/pyproject.toml),)
EDITABLE += -e "contrib/flask_ext[serve]"
endif
SOURCES := src $(wildcard plugins/*/src) $(wildcard contrib/*/src)
MANIFESTS := pyproject.toml $(wildcard plugins/*/pyproject.toml) $(wildcard contrib/*/pyproject.toml) constraints.txt

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test lint format bench proof screenshots docs lowest coverage clean

help:
	@sed -n 's/^#   //p' Makefile

setup: $(STAMP)

$(VENV)/pyvenv.cfg:
	@command -v $(PYTHON) >/dev/null || { echo "No $(PYTHON) here: install Python 3.11 or later, or say make PYTHON=/path/to/python."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is $$($(PYTHON) -V); careplug needs 3.11 or later: say make PYTHON=python3.12."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) comes without venv or ensurepip: on Debian and Ubuntu install the package python3-venv."; exit 1; }
	$(PYTHON) -m venv $(VENV)

# One command for all distributions, so that pip resolves them together; again only when a manifest changed.
$(STAMP): $(VENV)/pyvenv.cfg $(MANIFESTS)
	$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt $(EDITABLE)
	@touch $@

demo: setup
	@mkdir -p build/demo
	@cd build/demo && ../../$(BIN)/careplug demo

serve: setup
	@mkdir -p build/serve
	@cd build/serve && exec ../../$(BIN)/careplug serve --demo

# The hash seed changes from run to run but is one for all workers: else they could name a test differently.
test: setup
	@start=$$(date +%s); export PYTHONHASHSEED=$${PYTHONHASHSEED:-$$start}; \
	CAREPLUG_PROOF_SCALE=$${CAREPLUG_PROOF_SCALE:-0.01} $(BIN)/python -m pytest $(PYTEST_FLAGS); code=$$?; \
	echo "make test took $$(( $$(date +%s) - start )) s, PYTHONHASHSEED=$$PYTHONHASHSEED"; exit $$code

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports --no-cache

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup
	$(BIN)/python -m tests.benchmarks $(NAME)

proof: setup
	@test -n "$(NAME)" || { echo "Say which: make proof NAME=…"; $(BIN)/python -m tests.proof; exit 2; }
	$(BIN)/python -m tests.proof $(NAME) $(if $(SCALE),--scale $(SCALE))

screenshots: setup
	$(BIN)/python -m tests.browser.screenshots $(if $(ONLY),--only $(ONLY))

docs: setup
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs build/docs
	@echo "build/docs/index.html"

# Tools stay at their usual versions; what a host brings is as old as we say it may be.
# Not there: typing and wheels, which bring their own; the browser and the fuzzer, whose tools need newer libraries.
lowest: private EXTRAS := cli,numpy
lowest: setup
	@mkdir -p build
	@$(BIN)/python -m tests.lowest > build/lowest.txt && cat build/lowest.txt
	@test -x build/venv-lowest/bin/python || $(PYTHON) -m venv build/venv-lowest
	build/venv-lowest/bin/python -m pip install -qq --disable-pip-version-check -c build/lowest.txt $(EDITABLE) \
		pytest pytest-timeout pytest-xdist hypothesis sybil time-machine \
		Flask-Login Flask-SQLAlchemy gunicorn openapi-spec-validator requests
	build/venv-lowest/bin/python -m pytest $(PYTEST_FLAGS) --ignore tests/typing --ignore tests/integration/test_wheels.py \
		--ignore tests/browser --deselect "tests/proof/test_proofs.py::test_the_proof_holds[api_fuzz]"

coverage: setup
	$(BIN)/python -m coverage run -m pytest $(PYTEST_FLAGS)
	$(BIN)/python -m coverage combine
	$(BIN)/python -m coverage report

clean:
	rm -rf build dist .pytest_cache .hypothesis .coverage .coverage.* $(VENV)
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
