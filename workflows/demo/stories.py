"""How far each case of the demonstration has come, and how long ago: in working hours, seven of them a day."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

DAY = 7.0
Steps = tuple[tuple[str, float], ...]


class Story(NamedTuple):
    """Steps after the report, each with the working hours since the one before; then how long nothing has happened."""

    steps: Steps
    idle: tuple[float, ...]  # one case for each


WORK = (("accept", 2.0), ("dispatch", 1.5), ("sign", 2.5))
DONE = (*WORK, ("submit", 2 * DAY))
CHECKED = (*DONE, ("verify", 5.0))
COUNCIL = (*WORK, ("refer", 1.5 * DAY))

STORIES = (
    Story((), (0.5, 3.0, 6.5, 9.0, 16.0)),  # 9 is past the warning, 16 past the limit of one day
    Story((("request_info", 2.0),), (5.0, 30.0)),
    Story((("accept", 1.0),), (0.5, 2.0, 3.5, 6.0)),
    Story((("accept", 1.0), ("dispatch", 1.0)), (0.5, 1.5, 3.2, 8.0, 11.0)),
    Story(WORK, (2.0, 9.0, 15.0, 22.0, 36.0, 56.0, 60.0, 64.0, 75.0, 82.0)),
    Story((*WORK[:1], ("dispatch_jointly", 1.5), ("sign", 2.0)), (6.0, 12.0)),
    Story((*WORK[:1], ("dispatch_jointly", 1.5), ("sign", 2.0), ("answer_part", 1 * DAY)), (10.0,)),
    Story((*DONE, ("send_back", 4.0)), (8.0,)),
    Story((*WORK, ("ask_return", 3.0), ("agree", 3.0), ("dispatch_elsewhere", 2.0)), (2.0,)),
    Story((*WORK, ("ask_extension", 7 * DAY), ("agree", 4.0)), (12.0,)),
    Story((*WORK, ("ask_extension", 8 * DAY)), (3.0,)),
    Story((*WORK, ("ask_hold", 3 * DAY)), (5.0,)),
    Story((*WORK, ("urge", 11 * DAY), ("order", 5.0)), (2.0,)),
    Story((*WORK, ("order", 12 * DAY), ("reply", 6.0)), (3.0,)),
    Story(COUNCIL, (3 * DAY, 16 * DAY, 21 * DAY)),
    Story((*WORK, ("ask_hold", 2 * DAY), ("agree", 3.0)), (2 * DAY, 12 * DAY, 30 * DAY)),
    Story(DONE, (1.0, 5.0, 12.0, 20.0)),
    Story(CHECKED, (2.0, 9.0, 14.0, 18.0, 24.0)),
    Story((*CHECKED, ("unsolved", 1 * DAY)), (3.0, 17.0)),
    Story((*CHECKED, ("satisfied", 1 * DAY)), (5.0, 11.0, 19.0, 33.0, 47.0, 60.0, 90.0)),
    Story((*CHECKED, ("fair", 2 * DAY)), (8.0, 40.0)),
    Story((*CHECKED, ("dissatisfied", 1 * DAY)), (26.0,)),
    Story((*WORK, ("submit_planned", 2 * DAY), ("verify", 4.0), ("satisfied", 1 * DAY)), (9.0, 30.0)),
    Story(CHECKED, (60.0, 75.0, 95.0)),  # nobody answered the survey: its clock closes them
    Story((*COUNCIL, ("decide", 4 * DAY)), (9.0,)),
    Story((*COUNCIL, ("decide", 5 * DAY), ("submit", 3 * DAY), ("verify", 6.0), ("satisfied", 1 * DAY)), (7.0, 29.0)),
    Story((*CHECKED, ("unsolved", 1 * DAY), ("reopen", 3.0)), (13.0,)),
    Story((*CHECKED, ("unsolved", 1 * DAY), ("decline", 5.0)), (15.0,)),
    Story((("reject", 3.0),), (4.0, 25.0, 52.0)),
    Story((("merge", 1.0),), (5.0, 21.0)),
    Story((*WORK[:1], ("ask_void", 3.0), ("agree", 4.0)), (18.0,)),
)


def cases() -> Iterator[tuple[int, Steps, float]]:
    """(number, steps, idle) of each case: first one of every story, so that a small demonstration shows them all."""
    turns = zip_longest(*([(story.steps, idle) for idle in story.idle] for story in STORIES))
    known = [case for turn in turns for case in turn if case is not None]
    for n, (steps, idle) in enumerate(known):
        yield n, steps, idle
