# make serve   a virtual environment, everything in it, and the service on http://127.0.0.1:8000 (PORT=, YINJU_DATA=)
# make test    the checks and tests that CI runs
# TORCH_INDEX  an extra package index with CPU-only PyTorch wheels; without one, pip's own choice is taken

PYTHON ?= python3
PORT ?= 8000
TORCH_INDEX ?=
export YINJU_DATA ?= data

BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --constraint constraints.txt $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

.PHONY: serve test

serve: .venv/serve
	$(BIN)/yinju serve --port $(PORT)

test: .venv/test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest

.venv/serve: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) --editable ".[html,pdf,docx,mcp]"
	touch $@

.venv/test: .venv/serve
	$(PIP) --editable ".[test]"
	touch $@
