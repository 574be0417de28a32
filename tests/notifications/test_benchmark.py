"""P14: a relay that tells fewer than it should is not measured. The figure itself: `tests/workflows/test_bench.py`."""

from typing import Any

import pytest
from django.utils import timezone

from notifications import benchmark
from workflows.benchmark.world import make_world


@pytest.mark.pg
@pytest.mark.django_db(transaction=True)
def test_a_relay_that_forgets_somebody_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(timezone.now(), 100)
    right, calls = benchmark.relay, []

    def forgetful(**given: Any) -> int:
        calls.append(given)
        told = right(**given)
        if len(calls) > 1:  # the first look is what is wanted
            benchmark.Delivery.objects.order_by("pk")[0].delete()
        return told

    monkeypatch.setattr(benchmark, "relay", forgetful)
    monkeypatch.setattr(benchmark, "PATIENCE", 0.1)
    with pytest.raises(TimeoutError, match="not all rows were written"):
        benchmark.measure_relaying(world, rounds=1, cases=2)
