"""What the page of minutes shows: the text, who asks for what, who signed which hash, and what the viewer may do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.council_terms import CorrectionState, MeetingState, MinutesState
from cases.lib.masking import mask_text
from cases.models import Correction, Meeting, Minutes, MinutesVersion, Seat, Signature, User
from cases.terms import EventType
from workflows.council import access
from workflows.council.minutes import WRITABLE
from workflows.council.minutes_text import decisions_of
from workflows.council.signing import TO_BE_SIGNED, Signers, day_of, keeps_minutes, signers_of
from workflows.council_pages.follow_ups import Said

S = MinutesState
BADGES = {S.APPROVED: "badge--amber", S.SIGNED: "badge--green", S.PUBLISHED: "badge--green"}
MOVES = {
    "draft": gettext_lazy("按记录生成"), "edit": gettext_lazy("修改正文"), "circulate": gettext_lazy("征求意见"),
    "correct": gettext_lazy("转入修改"), "approve": gettext_lazy("定稿"), "sign": gettext_lazy("签署完毕"),
    "publish": gettext_lazy("公布"), "addendum": gettext_lazy("补充"),
    "ask_correction": gettext_lazy("提出修改意见"), "take_correction": gettext_lazy("采纳修改意见"),
    "decline_correction": gettext_lazy("未采纳修改意见"),
}  # fmt: skip


@dataclass(frozen=True)
class VersionView:
    """A text that bears signatures or waits for them, with how far it is."""

    version: MinutesVersion
    body: str
    signatures: list[Signature]
    progress: str
    is_enough: bool
    may_sign: bool  # the viewer, with their own login, now
    unsigned: list[Seat]  # who may still sign on paper


@dataclass(frozen=True)
class MinutesPage:
    """The minutes of one meeting; `text` is None before anything was drafted."""

    meeting: Meeting
    minutes: Minutes | None
    badge: str
    text: VersionView | None
    addenda: list[VersionView]
    corrections: list[Correction]
    missing: list[str]  # decisions whose text is not in the wording letter by letter
    acts: tuple[str, ...]
    keeps: bool
    is_secretary: bool
    history: list[Said]
    versions: int


def minutes_page(viewer: User, pk: int, now: datetime) -> MinutesPage | None:  # noqa: ARG001  # as other pages
    """The minutes of a meeting that is over, or None when the viewer may not see it or it is not."""
    joined = ("council__area", "chair", "recorder", "pack")
    meeting = access.visible(viewer, Meeting.objects.select_related(*joined)).filter(pk=pk).first()
    if meeting is None or meeting.closed_at is None:
        return None
    minutes = Minutes.objects.filter(meeting=meeting).first()
    keeps, seat = (
        keeps_minutes(meeting, meeting.council, viewer),
        access.seat_of(meeting.council, viewer, day_of(meeting)),
    )
    versions = list(minutes.versions.order_by("n")) if minutes else []
    texts = [version for version in versions if not version.is_addendum]
    shown = texts[-1:] + [version for version in versions if version.is_addendum]
    views = _versions(meeting, minutes, shown, seat, sees_all=keeps or seat is not None)
    corrections = list(minutes.corrections.select_related("seat__party").order_by("pk")) if minutes else []
    is_secretary = access.is_secretary_of(meeting.council, viewer)
    return MinutesPage(
        meeting=meeting,
        minutes=minutes,
        badge=BADGES.get(S(minutes.state), "") if minutes else "",
        text=views[0] if views else None,
        addenda=views[1:],
        corrections=corrections,
        missing=_missing(meeting, minutes, texts),
        acts=tuple(_acts(meeting, minutes, corrections, seat, keeps=keeps, is_secretary=is_secretary)),
        keeps=keeps,
        is_secretary=is_secretary,
        history=_history(meeting),
        versions=len(texts),
    )


def _versions(
    meeting: Meeting, minutes: Minutes | None, shown: list[MinutesVersion], seat: Seat | None, *, sees_all: bool
) -> list[VersionView]:
    """The approved wording and each addendum, with their signatures; masked for whoever only watches."""
    if minutes is None:
        return []
    signers = signers_of(meeting)
    seats = list(Seat.objects.filter(pk__in=signers.may_sign).select_related("party"))
    given: dict[int, list[Signature]] = {version.pk: [] for version in shown}
    rows = Signature.objects.filter(version__in=given).select_related("seat__party", "recorded_by")
    for row in rows.order_by("at", "pk"):
        given[row.version_id].append(row)
    return [_version(v, minutes, signers, seats, given[v.pk], seat, sees_all=sees_all) for v in shown]


def _version(  # noqa: PLR0913  # a text with everything beside it
    version: MinutesVersion,
    minutes: Minutes,
    signers: Signers,
    seats: list[Seat],
    signatures: list[Signature],
    seat: Seat | None,
    *,
    sees_all: bool,
) -> VersionView:
    signed = {row.seat_id for row in signatures}
    is_due = minutes.state in TO_BE_SIGNED
    said = {"signed": len(signed & signers.members), "needed": signers.needed, "members": len(signers.members)}
    return VersionView(
        version=version,
        body=version.body if sees_all else mask_text(version.body),
        signatures=signatures,
        progress=_("已签 %(signed)s 人，须 %(needed)s 人（成员 %(members)s 人）") % said,
        is_enough=signers.enough(signed),
        may_sign=is_due and seat is not None and seat.pk in signers.may_sign and seat.pk not in signed,
        unsigned=[one for one in seats if one.pk not in signed] if is_due else [],
    )


def _missing(meeting: Meeting, minutes: Minutes | None, texts: list[MinutesVersion]) -> list[str]:
    if minutes is None or not texts or minutes.state in TO_BE_SIGNED:
        return []
    body = texts[-1].body
    return [row.number for row in decisions_of(meeting) if row.text.replace("\r\n", "\n") not in body]


def _acts(  # who, and where it stands
    meeting: Meeting,
    minutes: Minutes | None,
    corrections: list[Correction],
    seat: Seat | None,
    *,
    keeps: bool,
    is_secretary: bool,
) -> Iterator[str]:
    """What the viewer may do with the whole, the likely one first."""
    if minutes is None:
        if keeps and meeting.state == MeetingState.CLOSED:
            yield "draft"
        return
    if keeps:
        yield from _of_keepers(minutes, corrections)
    if seat is not None and minutes.state in (S.CIRCULATED, S.CORRECTING):
        yield "ask"
    if is_secretary and meeting.state == MeetingState.MINUTED:
        yield "archive"


def _of_keepers(minutes: Minutes, corrections: list[Correction]) -> Iterator[str]:
    waiting = any(row.state == CorrectionState.OPEN for row in corrections)
    if minutes.state == S.CIRCULATED and not waiting:
        yield "approve"
    if minutes.state in WRITABLE:
        yield "circulate"
    if minutes.state == S.CORRECTING and not waiting:
        yield "approve"
    if minutes.state in WRITABLE:
        yield from ("edit", "draft")
    if minutes.state == S.CIRCULATED:
        yield "correct"
    if minutes.state == S.SIGNED:
        yield "publish"
    if minutes.state in (S.SIGNED, S.PUBLISHED):
        yield "addendum"


def _history(meeting: Meeting) -> list[Said]:
    kinds = (EventType.MINUTES_MOVED, EventType.MINUTES_SIGNED)
    rows = meeting.council.events.filter(type__in=kinds, data__minutes=meeting.pk).select_related("actor")
    return [Said(_label(row.data), str(row.actor or ""), row.at, _lines(row.data)) for row in rows.order_by("-seq")]


def _label(data: dict[str, Any]) -> str:
    move = data.get("move", "")
    return str(MOVES.get(move, move)) if move else _("签署")


def _lines(data: dict[str, Any]) -> list[str]:
    return [_("第 %(n)s 稿") % {"n": data["version"]}] if data.get("version") else []
