# make run: everything on http://127.0.0.1:8000   make test: the tests   make check: the linters
PYTHON ?= python3
PY := .venv/bin/python
# One list of settings for `run`: the environment, then .env. A data directory named in .env only costs a collectstatic.
STATIC := $(or $(ZHUOLUO_DATA_DIR),var)/static/staticfiles.json
ASSETS = find config cases workflows notifications requirements.txt -newer $(STATIC) \
	\( -path '*/static/*' -o -name requirements.txt \) -print -quit

# The checks need no installation of their own: no .env, no database.
TEST_MANAGE := DJANGO_SETTINGS_MODULE=config.settings_test $(PY) manage.py

.DEFAULT_GOAL := run
.PHONY: run test check

run: .venv/.run-ready .env
	@$(PY) manage.py migrate -v 0
	@$(PY) manage.py seed_calendar >/dev/null
	@$(PY) manage.py seed_councils >/dev/null
	@$(PY) manage.py demo_district --auto
	@if [ ! -e $(STATIC) ] || [ -n "$$($(ASSETS))" ]; then $(PY) manage.py collectstatic --noinput -v 0 && touch $(STATIC); fi
	@exec $(PY) manage.py up

test: .venv/.dev-ready
	.venv/bin/pytest -q -n auto -m "not pg and not journey and not district"

check: .venv/.dev-ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/djlint --lint --quiet .
	$(TEST_MANAGE) makemigrations --check --dry-run --skip-checks
	ZHUOLUO_HTTPS=true $(TEST_MANAGE) check --deploy --fail-level WARNING
	$(TEST_MANAGE) check_lifecycle
	$(TEST_MANAGE) draw_lifecycle --check
	$(TEST_MANAGE) export_bpmn --check

# Random keys, for the owner alone; never written over.
.env: | .venv/.run-ready
	@[ -e $@ ] || { $(PY) -m config.env $@ && echo "Wrote .env with new keys."; }

# The stamps hold the checksum of what was installed: a branch with other requirements installs them, a new date does not.
.venv/.run-ready: FORCE | .venv/bin/python
	@$(call installed,requirements.txt)

.venv/.dev-ready: FORCE | .venv/bin/python
	@$(call installed,requirements-dev.txt)

define installed
sum=$$(cksum < $(1)); if [ "$$(cat $@ 2>/dev/null)" != "$$sum" ]; then \
	echo "Installing $(1) ..."; \
	$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r $(1) && echo "$$sum" > $@; fi
endef

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: install it, or run make PYTHON=/path/to/python3."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "Python's venv is missing: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv

.PHONY: FORCE
FORCE:
