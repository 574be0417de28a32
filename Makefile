.venv/.ready: requirements-dev.txt
	python3 -m venv .venv
	.venv/bin/pip install -q --require-hashes -r requirements-dev.txt
	touch $@

.PHONY: test check
test: .venv/.ready
	.venv/bin/pytest -q

check: .venv/.ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
