"""What the pages of an owners' ballot show: progress by measure, who is still out, the result, what comes next."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from cases.council_terms import AreaSource, PollState
from cases.models import Ballot, Certification, Decision, Elector, FollowUp, Poll, User
from workflows.council.access import councils_visible_to, visible
from workflows.council.certify import compute, newest
from workflows.council.owners_ballots import asking_follow_up, may_start, refusal, running_ballot, topic_of
from workflows.council.owners_links import ballot_token
from workflows.council.owners_result import certified_words, out_words, rule_words, sums_of_roll, sums_words
from workflows.council.owners_roll import has_register
from workflows.council.owners_votes import counted_ballot, oversees_ballot, runs_ballot, takes_votes
from workflows.council.packs import rules_of
from workflows.poll_words import amount_words, share_words
from workflows.polling.facts import Measure

SHOWN_OUT, SHOWN_RECENT, SLIPS_ON_A_PAGE = 200, 8, 100
CAN_BE_VOID = (PollState.OPEN, PollState.CLOSED, PollState.CERTIFIED)
DONE = (PollState.CERTIFIED, PollState.PUBLISHED)
RollRow = tuple[Elector, str, str]  # its area, and where the area is from


@dataclass(frozen=True)
class Bar:
    """How much of the roll has come back, by one measure."""

    label: str
    value: int
    whole: int
    words: str
    needed: str  # what must take part, and whether it does


@dataclass(frozen=True)
class OwnersBallotPage:
    """An owners' ballot for one viewer; empty lists where there is nothing to show yet."""

    poll: Poll
    rules: list[str]
    sums: str
    bars: list[Bar]
    out: list[str]
    out_count: int
    out_words: str
    result: list[str]
    certification: Certification | None
    recent: list[Ballot]
    asked_by: list[FollowUp]
    next: str  # the one thing to do: open | enter | close | certify | publish | ""
    why_waiting: str
    runs: bool
    oversees: bool
    may_ask_void: bool
    may_void: bool

    @property
    def more_out(self) -> int:
        """How many that have not returned are not listed."""
        return self.out_count - len(self.out)


@dataclass(frozen=True)
class Offer:
    """A way to an owners' ballot, with the words of its button."""

    url: str
    words: str


@dataclass(frozen=True)
class SlipLine:
    """One slip: the units, and the address by which their owner votes."""

    number: int
    label: str
    area: str
    token: str


@dataclass(frozen=True)
class VotePage:
    """What the owner behind a link sees: open | waiting | over | voted | void."""

    poll: Poll
    label: str
    area: str
    state: str
    rules: list[str]
    voted_at: datetime | None
    result: list[str]


def ballots_visible_to(viewer: User) -> QuerySet[Poll]:
    """The owners' ballots of the councils that somebody may see, and those that these councils started."""
    seen = councils_visible_to(viewer).values("pk")
    rows = Poll.objects.filter(Q(council__in=seen) | Q(topic__council__in=seen), item=None)
    return rows.select_related("council__area", "topic__council", "pack")


def ballot_of(viewer: User, pk: int) -> Poll | None:
    """One of them."""
    return ballots_visible_to(viewer).filter(pk=pk).first()


def startable(viewer: User, decision_pk: int) -> tuple[Decision, FollowUp | None, str] | None:
    """A decision whose secretary the viewer is, the follow-up that asks for a ballot, and why none may start."""
    rows = Decision.objects.select_related("council", "case__area", "item__topic").filter(pk=decision_pk)
    decision = visible(viewer, rows).first()
    if decision is None or not may_start(decision, viewer):
        return None
    follow_up = asking_follow_up(decision)
    return decision, follow_up, refusal(decision, follow_up)


def offer_of(viewer: User, decision: Decision) -> Offer | None:
    """What the page of a decision offers: to look at the ballot that runs, or to start one; None for neither."""
    if running := running_ballot(decision):
        return Offer(reverse("council:owners_ballot", args=[running.pk]), _("看业主表决"))
    if not may_start(decision, viewer) or refusal(decision, asking_follow_up(decision)):
        return None
    return Offer(reverse("council:start_owners_ballot", args=[decision.pk]), _("发起业主表决"))


def title_of(decision: Decision) -> str:
    """What the ballot will be about."""
    topic = topic_of(decision)
    return topic.title if topic else decision.number


def ballot_page(viewer: User, poll: Poll, now: datetime) -> OwnersBallotPage:
    """Everything that the page of an owners' ballot shows."""
    runs, oversees = runs_ballot(poll, viewer), oversees_ballot(poll, viewer)
    voted = Ballot.objects.filter(poll=poll, struck_at=None)
    missing = poll.electors.exclude(pk__in=voted.values("elector"))
    row = newest(poll) if poll.state in DONE else None
    out = list(missing.values_list("label", flat=True)[: SHOWN_OUT if runs or oversees else 0])
    out_count, out_area = missing.count(), _area(missing)
    is_counted = poll.state in (PollState.OPEN, PollState.CLOSED) and out_count
    changing = compute(poll).could_change if is_counted else False
    recent = voted.select_related("elector", "cast_by").order_by("-at", "-pk")
    doing, waiting = _next(poll, now, out_count=out_count)
    return OwnersBallotPage(
        poll=poll,
        rules=rule_words(poll),
        sums=sums_words(**sums_of_roll(poll)) if poll.opened_at else "",
        bars=_bars(poll, out_count, out_area) if poll.opened_at else [],
        out=out if poll.state == PollState.OPEN else [],
        out_count=out_count if poll.state == PollState.OPEN else 0,
        out_words=out_words(out_count, out_area, could_change=changing) if is_counted else "",
        result=certified_words(row) if row else [],
        certification=row,
        recent=list(recent[:SHOWN_RECENT]) if poll.state == PollState.OPEN and (runs or oversees) else [],
        asked_by=list(poll.asked_by.select_related("decision")),
        next=doing if runs else "",
        why_waiting=waiting,
        runs=runs,
        oversees=oversees,
        may_ask_void=runs and poll.state in CAN_BE_VOID and poll.void_asked_by_id is None,
        may_void=oversees and poll.state in CAN_BE_VOID and poll.void_asked_by_id not in (None, viewer.pk),
    )


def _next(poll: Poll, now: datetime, *, out_count: int) -> tuple[str, str]:
    """What comes next, and for what it waits."""
    if poll.state == PollState.DRAFT:
        if not has_register(poll.council.area):
            return "register", _("业主名册是空的：到了开始时间也不能开始，请先导入名册。")
        if poll.opens_at and now < poll.opens_at:
            return "", _("公告期满后自动开始，名册在开始的那一刻固定下来。")
        return "open", ""
    if poll.state == PollState.OPEN:
        is_over = not takes_votes(poll, now)
        if is_over or not out_count:
            return "close", _("截止时间已到。") if is_over else _("选票已经全部收回，可以提前截止。")
        return "enter", ""
    return {PollState.CLOSED: "certify", PollState.CERTIFIED: "publish"}.get(PollState(poll.state), ""), ""


def _area(electors: QuerySet[Elector]) -> int:
    return int(electors.aggregate(n=Sum("area_cm2"))["n"] or 0)


def _bars(poll: Poll, out_count: int, out_area: int) -> list[Bar]:
    sums = sums_of_roll(poll)
    whole = {Measure.AREA: sums["area_cm2"], Measure.HEAD: sums["heads"]}
    out = {Measure.AREA: out_area, Measure.HEAD: out_count}
    labels = {Measure.AREA: _("按专有部分面积"), Measure.HEAD: _("按业主人数")}
    quorum = {rule.measure: rule.threshold for rule in rules_of(poll.pack).quorum}
    bars = []
    for measure in (Measure.AREA, Measure.HEAD):
        returned = whole[measure] - out[measure]
        said = {"n": amount_words(measure, returned), "whole": amount_words(measure, whole[measure])}
        needed = ""
        if threshold := quorum.get(measure):
            short = threshold.needed(whole[measure]) - returned
            needed = _("须%(share)s参与（%(needed)s），") % {
                "share": share_words(threshold.op, threshold.frac),
                "needed": amount_words(measure, threshold.needed(whole[measure])),
            }
            needed += _("还差 %(n)s") % {"n": amount_words(measure, short)} if short > 0 else _("已达到")
        text = _("已收回 %(n)s，名册 %(whole)s") % said
        bars.append(Bar(labels[measure], returned, whole[measure], text, needed))
    return bars


def slips_of(poll: Poll, *, page: int, only_out: bool) -> tuple[list[SlipLine], int]:
    """One page of slips (from 1), and how many pages there are; `only_out` leaves out who has voted."""
    electors = poll.electors.all()
    if only_out:
        electors = electors.exclude(pk__in=Ballot.objects.filter(poll=poll, struck_at=None).values("elector"))
    rows = list(electors.select_related("poll"))
    first = (page - 1) * SLIPS_ON_A_PAGE
    lines = [
        SlipLine(first + n, row.label, amount_words(Measure.AREA, row.area_cm2), ballot_token(row))
        for n, row in enumerate(rows[first : first + SLIPS_ON_A_PAGE], 1)
    ]
    return lines, max(-(-len(rows) // SLIPS_ON_A_PAGE), 1)


def roll_of(poll: Poll) -> list[RollRow]:
    """The frozen roll: units, area, where the area is from."""
    return [
        (row, amount_words(Measure.AREA, row.area_cm2), str(AreaSource(row.area_source).label))
        for row in poll.electors.all()
    ]


def vote_page(elector: Elector, now: datetime) -> VotePage:
    """What the owner behind a link sees; how they voted is never shown again."""
    poll, known = elector.poll, counted_ballot(elector)
    if poll.state == PollState.VOID:
        state = "void"
    elif known is not None:
        state = "voted"
    elif takes_votes(poll, now):
        state = "open"
    else:
        state = "over"
    row = newest(poll) if poll.state == PollState.PUBLISHED else None
    return VotePage(
        poll=poll,
        label=elector.label,
        area=amount_words(Measure.AREA, elector.area_cm2),
        state=state,
        rules=rule_words(poll),
        voted_at=known.at if known else None,
        result=certified_words(row) if row else [],
    )
