"""The worker and its timetable. The database holds what is due; messages only wake, and may be lost or come twice."""

import logging.config
import os
import warnings
from typing import Any

from celery import Celery
from celery.platforms import SecurityWarning
from celery.signals import setup_logging, worker_process_init
from django.conf import settings

from config.supervisor import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Eight lines at every start as root, as in a container; they are about pickle, and we take JSON alone.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("zhuoluo")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def _every(task: str, seconds: int) -> dict[str, Any]:
    """A tick that nobody took until the next one is of no use: while no worker runs they must not pile up."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


app.conf.beat_schedule = {
    "sweep": _every("workflows.tasks.sweep", 60),
    "check_histories": _every("workflows.tasks.check_histories", 10),
    "imports": _every("workflows.tasks.go_on_with_imports", 30),
    "relay": _every("notifications.tasks.relay", 30),
    "deliver": _every("notifications.tasks.deliver", 30),
}


@setup_logging.connect  # type: ignore[untyped-decorator]
def _log_as_the_web_does(**_: object) -> None:
    """Celery would set up handlers of its own, which mask nothing."""
    logging.config.dictConfig(settings.LOGGING)


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _leave_no_orphan(**_: object) -> None:
    """A killed worker leaves no children behind that would hold database locks."""
    die_with_parent(os.getppid())
