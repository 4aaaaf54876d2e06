# Every target sets up what it needs in .venv by itself; running it again costs nothing until the requirements change.

PYTHON ?= python3
VENV   ?= .venv
JOBS   ?= 2

BIN          := $(VENV)/bin
REQUIREMENTS := setup.cfg setup.py pyproject.toml

# One BLAS thread per process: the work here is small, and two test processes share the processor.
export OPENBLAS_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help demo test soak lint style types imports docs pictures bench wheel check clean

help:  ## say what there is
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

demo: $(VENV)/.installed  ## run the stacked LSTM of examples/stacked_lstm.py
	@$(BIN)/python examples/stacked_lstm.py

test: $(VENV)/.installed-test  ## run the tests and the doctests
	$(BIN)/python -m pytest -n $(JOBS)

soak: $(VENV)/.installed-test  ## run the tests that take many minutes
	$(BIN)/python -m pytest -n $(JOBS) -m soak

lint: style types imports  ## ruff, mypy, and who may import whom

style types imports: $(VENV)/.installed-dev
style:
	$(BIN)/ruff check .
types:
	$(BIN)/mypy
imports:
	$(BIN)/lint-imports --no-cache

docs: $(VENV)/.installed-dev  ## build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

pictures: $(VENV)/.installed-dev  ## draw the documentation's pictures again; needs Graphviz
	@$(BIN)/python docs/make_pictures.py

bench: $(VENV)/.installed-dev  ## measure this machine against what one would use instead
	@$(BIN)/python -c "import torch" 2>/dev/null || $(BIN)/python -m pip install --quiet --editable '.[torch]'
	OPENBLAS_NUM_THREADS= $(BIN)/python -m benchmarks

wheel: $(VENV)/.installed-dev  ## build the packages and use them in an environment of their own
	VENV=$(VENV) .ci/wheel

check: lint docs wheel test  ## everything that continuous integration checks

clean:  ## remove the environment and everything built
	rm -rf $(VENV) build dist site *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ------------------------------------------------------------------------------------------------------ environments

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "pygraph_nn needs Python 3.10 or newer; name one with: make PYTHON=python3.11 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "no environment: does Python lack its venv module (Debian: apt install python3-venv)?"; exit 1; }

$(VENV)/.installed: extra =
$(VENV)/.installed-test: extra = [test]
$(VENV)/.installed-dev: extra = [dev]
$(VENV)/.installed $(VENV)/.installed-test $(VENV)/.installed-dev: $(REQUIREMENTS) | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.$(extra)'
	@touch $@
