"""The service's own application of Celery, with a timetable that nobody has to wait for."""

from datetime import datetime

from config.celery import app

for _entry in app.conf.beat_schedule.values():
    _entry["schedule"] = 0.5


@app.task(name="remind")
def remind(clock_id: int, now: str) -> None:
    """Control: a limit that was put into the broker, to be told of when its moment has come."""
    from tests.faults.works import ring  # noqa: PLC0415  # models can be imported once Django is set up
    from workflows.models import Clock  # noqa: PLC0415

    ring(Clock.objects.filter(pk=clock_id), datetime.fromisoformat(now))


__all__ = ["app"]
