from pathlib import Path

import pytest
from django.conf import settings

from config import env
from config.celery import app


def test_the_timetable_sweeps_each_minute_and_sends_twice_a_minute() -> None:
    table = {entry["task"]: entry["schedule"] for entry in app.conf.beat_schedule.values()}
    assert table == {
        "workflows.tasks.sweep": 60,
        "workflows.tasks.check_histories": 10,
        "workflows.tasks.go_on_with_imports": 30,
        "notifications.tasks.relay": 30,
        "notifications.tasks.deliver": 30,
    }


def test_ticks_that_nobody_took_expire_before_the_next() -> None:
    for entry in app.conf.beat_schedule.values():
        assert entry["options"]["expires"] <= entry["schedule"]


def test_a_task_is_lost_neither_with_its_worker_nor_run_twice_by_being_slow() -> None:
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.task_time_limit < app.conf.broker_transport_options["visibility_timeout"]
    assert 60 <= app.conf.broker_transport_options["visibility_timeout"] <= 300


def test_publishing_never_waits_for_the_broker() -> None:
    assert app.conf.task_publish_retry is False


def test_the_timetable_is_kept_in_the_data_directory() -> None:
    assert Path(app.conf.beat_schedule_filename).parent == settings.DATA_DIR


def test_tests_publish_nothing() -> None:
    assert app.conf.broker_url == "memory://"
    assert app.conf.task_always_eager is False


@pytest.mark.parametrize(
    ("redis_url", "broker"),
    [
        ("", "memory://"),
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("unix:///var/broker.sock", "redis+socket:///var/broker.sock"),
    ],
)
def test_the_broker_is_the_redis_that_is_set(redis_url: str, broker: str) -> None:
    assert env.broker_url(redis_url) == broker
