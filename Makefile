# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: demo test check bench docs browser editors clean

demo: $(READY)
	@$(BIN)/engine demo

test: $(READY) browser editors
	@$(BIN)/pytest -n 2 --dist worksteal

# Everything that must stay true besides the tests.
check: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/engine validate strategies
	@$(BIN)/engine test strategies --fail-under 100

bench: $(READY)
	@for file in bench/bench_*.py; do $(BIN)/python $$file || exit 1; done

# The pages that are written from the source.
docs: $(READY)
	@for file in docs/write_*.py; do $(BIN)/python $$file || exit 1; done

# The kernels are compiled here, once, so that no command ever waits for the compiler.
$(READY): constraints.txt setup.cfg pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV) (once; some minutes)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@$(BIN)/engine warm
	@touch $@

# Tests of pages drive a real browser. Where it cannot be installed they are skipped, visibly.
browser:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && \
	  apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || \
	  echo "no chromium and no right to install it: the tests of pages will be skipped"

# Tests of the VS Code extension and of the schemas run the real packages. Where node 20 cannot be had they are skipped.
NODE20 := node -e 'process.exit(+(parseInt(process.versions.node) < 20))' 2>/dev/null
editors:
	@command -v npm >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && \
	  apt-get install -y -qq --no-install-recommends nodejs npm >/dev/null; } || true
	@if $(NODE20); then $(MAKE) -s editors/vscode/node_modules/.package-lock.json; \
	  else echo "no node 20: tests of the VS Code extension will be skipped"; fi

editors/vscode/node_modules/.package-lock.json: editors/vscode/package-lock.json
	@cd editors/vscode && npm ci --silent --no-audit --no-fund || \
	  echo "npm could not install: tests of the VS Code extension will be skipped"

clean:
	rm -rf $(VENV) build dist *.egg-info var editors/vscode/node_modules editors/vscode/*.vsix
