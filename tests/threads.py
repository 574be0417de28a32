"""Work of several threads that start together, each with a connection of its own."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import close_old_connections, connections

THREADS = 8


def at_once(work: Callable[[int], Any], n: int = THREADS) -> list[Any]:
    """Run `work` in n threads that start together; results, or the exceptions raised."""
    barrier, results = threading.Barrier(n), [None] * n

    def run(i: int) -> None:
        try:
            barrier.wait(10)
            results[i] = work(i)
        except Exception as error:  # noqa: BLE001  # what was raised is the result
            results[i] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    close_old_connections()
    return results
