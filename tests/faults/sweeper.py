"""`python sweeper.py`: takes orders, one line each, and forks a process of its own for each work in an order.

Loaded once: to start Python and Django anew for each process would take longer than all that they do. It holds no
connection itself. Nothing of this is in the product: where a process dies is put in from outside.
"""

import json
import multiprocessing
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from threading import BrokenBarrierError
from typing import Any

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
LONGEST = 40  # seconds that a process may take


def run(orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All works of an order at once, each in a process and with a connection of its own; how each of them ended."""
    context = multiprocessing.get_context("fork")
    meeting = context.Barrier(len(orders))
    started = []
    for order in orders:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=work, args=(order, meeting, theirs))
        process.start()
        theirs.close()
        started.append((process, ours))
    return [ended(process, ours) for process, ours in started]


def work(order: dict[str, Any], meeting: Barrier, out: Connection) -> None:
    """In the new process: connect, wait for the others, and do it."""
    from django.db import connection

    from tests.faults.points import arm
    from tests.faults.works import WORKS

    connection.ensure_connection()
    work_of_ours = WORKS[order.pop("do")]
    death, visit, hold = order.pop("die_at", None), order.pop("visit", 1), order.pop("hold_at", None)
    lead, follows = order.pop("lead", 1), order.pop("follows", False)
    meeting.wait(LONGEST)
    if death:
        arm(death, visit)
    if hold:
        arm(hold, then=lambda: let_pass(meeting, lead))
    if follows:
        meeting.wait(LONGEST)
    try:
        out.send({"said": work_of_ours(meeting, **order)})
    except Exception as error:  # noqa: BLE001  # what was raised is the result
        out.send({"error": f"{type(error).__name__}: {error}"})
    if follows:
        with suppress(BrokenBarrierError):
            meeting.wait(LONGEST)


def let_pass(meeting: Barrier, seconds: float) -> None:
    """At a point in the middle: those that follow may go, and have some seconds to overtake if nothing stops them."""
    meeting.wait(LONGEST)
    with suppress(BrokenBarrierError):  # they wait for us, as they should
        meeting.wait(seconds)


def ended(process: Any, ours: Connection) -> dict[str, Any]:
    """The exit code, negative for a signal, and what the process said before."""
    process.join(LONGEST)
    if process.is_alive():
        process.kill()
        process.join()
        return {"code": 1, "error": "it hung"}
    said: dict[str, Any] = {}
    if ours.poll():
        try:
            said = ours.recv()
        except EOFError:  # killed
            said = {}
    return {"code": process.exitcode} | said


def main() -> None:
    """Until there are no more orders."""
    django.setup()
    import tests.faults.works  # noqa: F401  # before the first fork

    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
