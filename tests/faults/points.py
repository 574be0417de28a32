"""Named points at which a process is killed or held: told by the statements it sends, not by names of functions."""

import os
import re
import signal
from collections.abc import Callable
from typing import Any

from django.db import connection

AFTER_STATEMENT = {
    "after_claim": r'FROM "cases_case" .*FOR (NO KEY )?UPDATE',
    "after_events": r'^INSERT INTO "cases_caseevent"',
    "after_heads": r'^UPDATE "cases_case"',
    "after_marks": r'^UPDATE "workflows_clock"',
    "after_ledger": r'^UPDATE "workflows_ledgerimport" SET "file_name"',
    "after_revision": r'^INSERT INTO "workflows_calendarrevision"',
    "after_relay_claim": r'FROM "cases_caseevent" .*FOR (NO KEY )?UPDATE',
    "after_rows": r'^INSERT INTO "notifications_delivery"',
    "after_relayed": r'^UPDATE "cases_caseevent"',
    "after_sent": r'^UPDATE "notifications_gate" SET "failures"',  # the far end has answered, the row does not say so
    "after_any_statement": "",
}
AROUND_COMMIT = ("before_commit", "after_commit")


def die() -> None:
    """As the kernel does it: no handler runs, nothing is flushed."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(point: str, visit: int = 1, then: Callable[[], None] = die) -> None:
    """Let this process end, or do something else, when it comes to the point for the n-th time."""
    left = [visit]

    def passing() -> None:
        left[0] -= 1
        if left[0] == 0:
            then()

    if point in AROUND_COMMIT:
        _around_commit(passing, before=point == "before_commit")
        return
    wanted = re.compile(AFTER_STATEMENT[point], re.DOTALL)

    def executed(execute: Callable[..., Any], sql: str, *given: Any) -> Any:
        result = execute(sql, *given)
        if wanted.search(sql):
            passing()
        return result

    connection.execute_wrappers.append(executed)


def _around_commit(passing: Callable[[], None], *, before: bool) -> None:
    commit = connection.commit

    def committed() -> None:
        if before:
            passing()
        commit()
        if not before:
            passing()

    connection.commit = committed  # type: ignore[method-assign]
