"""Asking: how many messages are unread, which there are, which were given up."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, OuterRef, Subquery
from django.utils.translation import get_language, gettext_lazy

from cases.lib.sheets import Column, Sheet
from cases.models import Case, User
from notifications import about
from notifications.about import message_of
from notifications.channels import CHANNELS
from notifications.journal import masked_recipient, narrowed
from notifications.models import ChannelName, Delivery, Preference, Rhythm
from notifications.texts import Texts, current_texts
from workflows.council.access import councils_visible_to

PAGE = 30
LONGEST_LIST = 200
NAMED = (
    *(f"event__case__{name}" for name in ("area", "category", "team", "reporter")),
    *("event__actor", "event__council__area", "on_behalf_of"),
    *(f"leave__{name}" for name in ("substitute", "registered_by", "ended_by")),
)


@dataclass(frozen=True)
class Line:
    """One message in a person's list; without `url` the case is out of their scope by now, and so are its words.

    The head of a bundle has `others` under it, and `cases` says of how many cases they speak together.
    """

    id: int
    subject: str
    lead: str
    number: str
    label: str
    at: datetime
    unread: bool
    url: str
    others: list["Line"] = field(default_factory=list)
    cases: int = 1


@dataclass(frozen=True)
class Page:
    """A stretch of the list; `before` opens the next, older one."""

    lines: list[Line]
    newest_id: int
    before: int | None


@dataclass(frozen=True)
class DeadLetter:
    """A message that was given up, without words and without whole addresses."""

    id: int
    number: str
    url: str
    label: str
    recipient: str
    channel: str
    error: str
    attempts: int
    duplicates_possible: int
    at: datetime


def unread_count(user: User) -> int:
    """The number beside 消息."""
    return Delivery.objects.inbox_of(user).unread().count()


def bell_of(user_id: str | None) -> tuple[User, int, int] | None:
    """A person who may sign in, how many messages are unread, and the key of the newest of these: one query."""
    mine = Delivery.objects.filter(recipient_user=OuterRef("pk"), channel=ChannelName.IN_APP, is_head=True).unread()
    of_person = mine.order_by().values("recipient_user")
    found = User.objects.filter(pk=user_id or 0, is_active=True).annotate(
        unread=Subquery(of_person.annotate(n=Count("pk")).values("n")),
        newest=Subquery(of_person.annotate(n=Max("pk")).values("n")),
    )
    user = found.first()
    return (user, user.unread or 0, user.newest or 0) if user else None


def messages_for(user: User, *, now: datetime, before: int | None = None, size: int = PAGE) -> Page:
    """What a person was told, newest first, in the language of the request."""
    rows = Delivery.objects.inbox_of(user).order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.select_related(*NAMED)[: size + 1])
    shown = found[:size]
    others = _others(user, shown)
    visible = _visible(user, [*shown, *(row for rows in others.values() for row in rows)])
    texts = current_texts()

    def line(row: Delivery, under: list[Delivery]) -> Line:
        lines = [line(other, []) for other in under]
        return _line(row, user, now, texts if _is_visible(row, visible) else None, others=lines)

    lines = [line(row, others.get(row.bundle, [])) for row in shown]
    return Page(lines, shown[0].pk if shown else 0, shown[-1].pk if len(found) > size else None)


def _others(user: User, heads: list[Delivery]) -> dict[UUID | None, list[Delivery]]:
    """What stands under these heads, in the order in which it came; one query."""
    bundles = [row.bundle for row in heads if row.bundle]
    found: dict[UUID | None, list[Delivery]] = {}
    if bundles:
        under = Delivery.objects.filter(recipient_user=user, bundle__in=bundles, is_head=False)
        for row in under.select_related(*NAMED).order_by("pk"):
            found.setdefault(row.bundle, []).append(row)
    return found


def _visible(user: User, rows: list[Delivery]) -> tuple[set[int], set[int]]:
    """The keys of the cases and of the councils that the person may see."""
    events = [row.event for row in rows if row.event_id]
    cases = Case.objects.visible_to(user).filter(pk__in={event.case_id for event in events})
    asked = {event.council_id for event in events if event.council_id}
    councils = councils_visible_to(user).filter(pk__in=asked).values_list("pk", flat=True) if asked else ()
    return set(cases.values_list("pk", flat=True)), set(councils)


def _is_visible(row: Delivery, visible: tuple[set[int], set[int]]) -> bool:
    if row.leave_id:
        return True
    cases, councils = visible
    return row.event.council_id in councils if row.event.council_id else row.event.case_id in cases


def _line(row: Delivery, user: User, now: datetime, texts: Texts | None, others: list[Line]) -> Line:
    """Without `texts` the row is out of scope and says nothing."""
    subject, lead, url = "", "", ""
    if texts is not None:
        message = message_of(row, user, language=get_language() or "", now=now, texts=texts)
        subject, lead, url = message.subject, message.lead, about.path(row)
    return Line(
        id=row.pk,
        subject=subject,
        lead=lead,
        number=about.number(row),
        label=about.label(row),
        at=about.happened_at(row),
        unread=row.read_at is None,
        url=url,
        others=others,
        cases=len({about.number(row), *(other.number for other in others)}),
    )


def channels_of(user: User) -> list[Preference]:
    """What a person chose for each channel that reaches them and rings, or what holds until they choose."""
    known = {row.channel: row for row in Preference.objects.filter(user=user)}
    names = [channel.name for channel in CHANNELS.values() if not channel.at_once and channel.reaches(user)]
    return [known.get(name) or Preference(user=user, channel=name) for name in names]


def rhythm_of(user: User) -> Rhythm:
    """When a person wants to be told, or what holds until they choose."""
    return Rhythm.objects.filter(user=user).first() or Rhythm(user=user)


DEAD = Sheet[DeadLetter](
    "undelivered",
    gettext_lazy("未送达的消息"),
    (
        Column(gettext_lazy("件"), 14, lambda letter: letter.number),
        Column(gettext_lazy("消息"), 24, lambda letter: letter.label),
        Column(gettext_lazy("收件人"), 24, lambda letter: letter.recipient),
        Column(gettext_lazy("渠道"), 12, lambda letter: letter.channel),
        Column(gettext_lazy("原因"), 50, lambda letter: letter.error),
        Column(gettext_lazy("次数"), 6, lambda letter: letter.attempts),
        Column(gettext_lazy("时间"), 17, lambda letter: letter.at),
    ),
)


def may_see_dead_letters(viewer: User) -> bool:
    """Whether the person answers for what was not delivered."""
    return not Delivery.objects.overseen_by(viewer).query.is_empty()


def dead_letters(viewer: User, *, channel: str = "", most: int | None = LONGEST_LIST) -> list[DeadLetter]:
    """The newest messages that were given up and that this person answers for, of one channel or of all."""
    rows = narrowed(Delivery.objects.overseen_by(viewer).dead(), channel=channel).order_by("-pk")
    found = list(
        rows.select_related(
            "event__case", "event__council", "leave", "recipient_user", "recipient_reporter", "recipient_subscriber"
        ).prefetch_related("recipient_user__addresses")[:most]
    )
    visible = _visible(viewer, found)
    return [_dead_letter(row, in_scope=_is_visible(row, visible)) for row in found]


def _dead_letter(row: Delivery, *, in_scope: bool) -> DeadLetter:
    return DeadLetter(
        id=row.pk,
        number=about.number(row),
        url=about.path(row) if in_scope else "",
        label=about.label(row),
        recipient=masked_recipient(row),
        channel=row.get_channel_display(),
        error=row.last_error,
        attempts=row.attempts,
        duplicates_possible=row.unknown_ends,
        at=row.created_at,
    )


def dead_by_channel(viewer: User) -> list[tuple[str, str, int]]:
    """The channels by which something was given up that this person answers for: name, word, how many."""
    rows = Delivery.objects.overseen_by(viewer).dead().values_list("channel").annotate(count=Count("pk"))
    words = dict(ChannelName.choices)
    return [(name, str(words.get(name, name)), count) for name, count in rows.order_by("channel")]
