"""Settings of the tests: quick and sealed off. DATABASE_URL and REDIS_URL of the environment count, `.env` does not."""

import os

_SAFE = {
    "ZHUOLUO_SETTINGS_FILE": os.devnull,  # a developer's .env may name a real database
    "ZHUOLUO_SECRET_KEY": "only for tests, only for tests, only for tests, only",
    "ZHUOLUO_FIELD_KEYS": "test:dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q=",
    "ZHUOLUO_INDEX_KEY": "aW5kZXhpbmRleGluZGV4aW5kZXhpbmRleGluZGV4aWk=",
    "ZHUOLUO_HTTPS": "false",
    "ZHUOLUO_DATA_DIR": "var/test",  # in the checkout: type checker and xdist end without tidying up
}
for _name, _value in _SAFE.items():
    os.environ.setdefault(_name, _value)

from config.settings import *  # noqa: E402, F403
from config.settings import CACHES, DATABASES, REDIS_URL, SILENCED_SYSTEM_CHECKS, STORAGES  # noqa: E402

ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
CELERY_BROKER_URL = "memory://"
CELERY_TASK_ALWAYS_EAGER = False
# One Redis database a test process, for clearing the cache empties the whole of it; 0 may hold somebody's queues.
_process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
if REDIS_URL:
    CACHES["default"]["LOCATION"] = f"{REDIS_URL.rstrip('/')}/{_process % 14 + 1}"
else:
    CACHES["default"]["LOCATION"] = f"tests-{_process}"
# Pooled or kept connections of threads would keep the test database from being dropped.
DATABASES["default"]["CONN_MAX_AGE"] = 0
# The folder of collected files is not there: journeys get them where they lie.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
# Whether this machine makes PDF says nothing of the checkout.
SILENCED_SYSTEM_CHECKS = [*SILENCED_SYSTEM_CHECKS, "config.W002"]
QUIET_HOURS = None  # tests run at any hour of the day
