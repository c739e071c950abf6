# The words of the project. `make run` and `make test` do all set-up themselves; no system package is needed to run.
PYTHON ?= $(shell for v in 3.11 3.12 3.13 3; do p=$$(command -v python$$v) && "$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14)); ' 2>/dev/null && "$$p" -c 'import sys; print(sys.executable)' && break; done)
TOOLS := var/tools
UV := $(shell command -v uv || echo $(TOOLS)/bin/uv)
export UV_PYTHON ?= $(PYTHON)
export OMP_NUM_THREADS = 1
RUN := $(UV) run --frozen --no-sync

.PHONY: help setup train evaluate run test check soak bench format clean

help:            ## these words
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*##/ \t/'

setup: .venv/.ready  ## a Python environment with everything the lock file names

.venv/.ready: pyproject.toml uv.lock
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11-3.13 / Python 3.11-3.13 is needed"; exit 1; }
	@command -v "$(UV)" >/dev/null || $(PYTHON) -m venv $(TOOLS) && { test -x "$(UV)" || $(TOOLS)/bin/pip install --quiet uv; }
	$(UV) sync --frozen --compile-bytecode
	@touch $@

train: setup     ## train the bot if no model fits the data
	@$(RUN) python -m bot train

evaluate: setup train ## measures how well lines are understood and writes docs/understanding.md
	@$(RUN) python -m bench.understanding

run: setup train ## start the shop with a chat on it: http://127.0.0.1:8000/
	@$(RUN) python -m bot up

test: setup train ## all tests; says what it left out
	$(RUN) python -m pytest tests

check: setup     ## lint, format, types
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy bot actions

soak: setup train ## the long batteries: many kills
	$(RUN) python -m bench.kill --kills 100 --lines 10000

bench: setup train ## measures and prints the figures
	$(RUN) python -m bench

format: setup    ## put the code into form
	$(RUN) ruff check --fix .
	$(RUN) ruff format .

clean:           ## forget environment, models and databases
	rm -rf .venv var .rasa
