"""Owners of an estate in the demonstration: an invented register, and how they vote on paper."""

from datetime import datetime, timedelta

from cases.council_terms import AreaSource, BallotChannel
from cases.models import Area, Elector, Poll, User
from workflows.council.owners_votes import record_ballot
from workflows.council.register import import_register, plan_register
from workflows.council.register_sheet import RegisterSheet, UnitRow

UNITS, VOTED = 24, 17
AREAS = (853_000, 1_126_500)  # cm²
SIXTH = 6  # every sixth votes against


def register(estate: Area, *, actor: User, now: datetime) -> None:
    """Two dozen flats of one building."""
    rows = tuple(
        UnitRow(
            row=n + 2, unit=f"3-{n // 2 + 1}0{n % 2 + 1}", owner=f"PS{n + 1:03d}", name=f"业主{n + 1}",
            area_cm2=AREAS[n % 2], source=AreaSource.REGISTER, phone="", has_code=True,
        )
        for n in range(UNITS)
    )  # fmt: skip
    sheet = RegisterSheet("3 号楼业主名册", rows)
    import_register(area=estate, plan=plan_register(estate, sheet), actor=actor, now=now)


def vote(poll: Poll, *, actor: User, now: datetime, voted: int = VOTED) -> None:
    """So many papers come in, one every twenty minutes."""
    for n, elector in enumerate(Elector.objects.filter(poll=poll).order_by("pk")[:voted]):
        record_ballot(
            poll_id=poll.pk, elector_id=elector.pk, choice="against" if n % SIXTH == SIXTH - 1 else "for",
            channel=BallotChannel.PAPER, actor=actor, now=now + timedelta(minutes=20 * n + 20),
        )  # fmt: skip
