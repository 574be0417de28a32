"""The page of a meeting, and everything that is done on it."""

import hmac
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_fsm import TransitionNotAllowed

from cases.council_terms import PresenceMethod
from cases.lib.crypto import keyed_token
from cases.models import Meeting
from workflows.council import access, agenda, mandates, meetings, presence
from workflows.council_pages import meetings as pages
from workflows.council_pages.invitations import invitation_ics
from workflows.forms.meetings import (
    AddItemForm,
    ConveneForm,
    CouncilForm,
    DraftForm,
    MandateForm,
    NoteForm,
    PlanMeetingForm,
    ReasonForm,
    ReferForm,
    StatementForm,
)
from workflows.views.access import viewer_of
from workflows.views.report import qr_image

PLAIN: dict[str, Callable[..., Any]] = {  # acts of a meeting that ask nothing
    "open": meetings.open_meeting,
    "close": meetings.close_meeting,
    "miss_quorum": meetings.miss_quorum,
    "all_present": presence.all_present,
}
ITEM_PLAIN: dict[str, Callable[..., Any]] = {
    "discuss": agenda.discuss_item,
    "consensus": agenda.settle_by_consensus,
    "drop": agenda.drop_item,
}
ITEM_FORMS: dict[str, type[CouncilForm]] = {
    "draft": DraftForm, "adjourn": ReasonForm, "withdraw": ReasonForm, "refer": ReferForm, "note": NoteForm,
    "statement": StatementForm,
}  # fmt: skip
SAID = {
    "convene": gettext_lazy("通知已张贴，成员已收到邀请。"),
    "cancel": gettext_lazy("会议已取消。"),
    "open": gettext_lazy("现在开会。"),
    "close": gettext_lazy("已散会，接着整理会议纪要。"),
    "miss_quorum": gettext_lazy("已按不足法定人数处理，请另行召集。"),
    "all_present": gettext_lazy("已为没有请假的成员签到。"),
    "discuss": gettext_lazy("开始讨论。"),
    "consensus": gettext_lazy("已议定，形成决议。"),
    "draft": gettext_lazy("草案已更新。"),
    "statement": gettext_lazy("发言已记下。"),
}


def seen_meeting(request: HttpRequest, pk: int) -> pages.MeetingPage:
    """The page of a meeting for who asks. Raises Http404 when it is out of scope."""
    page = pages.meeting_page(viewer_of(request), pk, timezone.now())
    if page is None:
        raise Http404
    return page


@login_required
@require_safe
def show_meeting(request: HttpRequest, pk: int) -> HttpResponse:
    """One meeting, from its draft to its end."""
    return _page(request, seen_meeting(request, pk))


def _page(
    request: HttpRequest, page: pages.MeetingPage, bound: dict[str, CouncilForm] | None = None, status: int = 200
) -> HttpResponse:
    shown = {"page": page, "meeting": page.meeting, "forms": _forms(page) | (bound or {}), "bound": bound or {}}
    if page.is_secretary and page.meeting.state == "convened":
        shown["expected"] = pages.expected(page.meeting)
    if page.is_secretary and page.may_sign_in:
        url = settings.BASE_URL + reverse("council:sign_in", args=[page.meeting.pk, sign_in_token(page.meeting)])
        shown |= {"sign_in_url": url, "sign_in_qr": qr_image(url)}
    return render(request, "council/meeting.html", shown, status=status)


def _forms(page: pages.MeetingPage, typed: QueryDict | None = None) -> dict[str, CouncilForm]:
    """The forms of the meeting itself; those of an item are made where it is shown."""
    council = page.council
    topics = [row.topic for row in page.topics]
    return {
        "convene": ConveneForm(typed, council=council, auto_id="id_convene_%s"),
        "cancel": ReasonForm(typed, council=council, auto_id="id_cancel_%s"),
        "add_item": AddItemForm(typed, council=council, topics=topics, auto_id="id_add_%s"),
        "mandate": MandateForm(typed, council=council, meeting=page.meeting, auto_id="id_mandate_%s"),
    }


@login_required
@require_POST
def act_on_meeting(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Convene, cancel, open, pause, resume, close; everybody present; another item; a mandate."""
    page, viewer, now = seen_meeting(request, pk), viewer_of(request), timezone.now()
    given: dict[str, Any] = {"meeting_id": pk, "actor": viewer, "now": now}
    if act in PLAIN:
        return _done(request, page, lambda: PLAIN[act](**given), act)
    if act in ("pause", "resume"):
        return _done(request, page, lambda: meetings.turn_meeting(move=act, **given), act)
    commands: dict[str, Callable[..., Any]] = {
        "convene": meetings.convene_meeting,
        "cancel": meetings.cancel_meeting,
        "add_item": agenda.add_item,
        "mandate": mandates.give_mandate,
    }
    if act not in commands:
        raise Http404
    form = _forms(page, request.POST)[act]
    if not form.is_valid():
        return _page(request, page, {act: form}, status=422)
    return _done(request, page, lambda: commands[act](**given, **form.inputs()), act, form)


def _done(
    request: HttpRequest,
    page: pages.MeetingPage,
    command: Callable[[], Any],
    act: str,
    form: CouncilForm | None = None,
    anchor: str = "",
) -> HttpResponse:
    """Run a command; say what came of it on the page where it was asked for."""
    url = reverse("council:meeting", args=[page.meeting.pk])
    try:
        command()
    except TransitionNotAllowed:
        state = Meeting.objects.get(pk=page.meeting.pk).get_state_display()
        message = _("会议现在是「%(state)s」，或这一项已有变化，请先看看最新情况。") % {"state": state}
        return render(request, "409.html", {"message": message, "url": url}, status=409)
    except ValidationError as error:
        if form is not None:
            form.refuse(error)
            return _page(request, seen_meeting(request, page.meeting.pk), {_key(act, anchor): form}, status=422)
        for message in error.messages:
            messages.error(request, message)
        return redirect(url + anchor)
    if act in SAID:
        messages.success(request, SAID[act])
    return redirect(url + anchor)


def _key(act: str, anchor: str) -> str:
    """Under which name a refused form is shown again: `draft_7` of item 7."""
    return f"{act}_{anchor.removeprefix('#item-')}" if anchor else act


@login_required
@require_POST
def act_on_item(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Discuss, word, settle, put off or take off one item."""
    viewer, now = viewer_of(request), timezone.now()
    meeting = access.visible(viewer, Meeting.objects.filter(items=pk)).first()
    if meeting is None:
        raise Http404
    page, anchor = seen_meeting(request, meeting.pk), f"#item-{pk}"
    given: dict[str, Any] = {"item_id": pk, "actor": viewer, "now": now}
    if act in ITEM_PLAIN:
        return _done(request, page, lambda: ITEM_PLAIN[act](**given), act, anchor=anchor)
    if act in ("up", "down"):
        return _done(request, page, lambda: agenda.reorder_item(up=act == "up", **given), act, anchor=anchor)
    if act not in ITEM_FORMS:
        raise Http404
    form = ITEM_FORMS[act](request.POST, council=page.council, auto_id=f"id_{act}_{pk}_%s")
    if not form.is_valid():
        return _page(request, page, {_key(act, anchor): form}, status=422)
    return _done(request, page, lambda: _item_command(act, given, form), act, form, anchor)


def _item_command(act: str, given: dict[str, Any], form: CouncilForm) -> Any:
    if act == "draft":
        return agenda.write_draft(**given, **form.inputs())
    if act == "note":
        return agenda.note_item(**given, **form.inputs())
    if act == "statement":
        return agenda.add_statement(**given, **form.inputs())
    return agenda.end_item(move=act, **given, **form.inputs())


@login_required
@require_POST
def act_on_seat(request: HttpRequest, pk: int, seat: int, act: str) -> HttpResponse:
    """Confirm, excuse, sign in, sign out: the seat itself, or the secretary for it."""
    page, viewer, now = seen_meeting(request, pk), viewer_of(request), timezone.now()
    given: dict[str, Any] = {"meeting_id": pk, "seat_id": seat, "actor": viewer}
    is_own = page.my_seat is not None and page.my_seat.seat.pk == seat
    method = PresenceMethod.SIGN if is_own else PresenceMethod.RECORDER
    commands: dict[str, Callable[[], Any]] = {
        "confirm": lambda: presence.answer_invitation(comes=True, **given),
        "excuse": lambda: presence.answer_invitation(comes=False, **given),
        "in": lambda: presence.sign_in(method=method, now=now, **given),
        "out": lambda: presence.sign_out(now=now, **given),
    }
    if act not in commands:
        raise Http404
    return _done(request, page, commands[act], act, anchor="#people")


@login_required
@require_POST
def revoke_mandate(request: HttpRequest, pk: int, mandate: int) -> HttpResponse:
    """Take a mandate back."""
    page, viewer, now = seen_meeting(request, pk), viewer_of(request), timezone.now()
    if mandate not in {row.pk for row in page.mandates}:
        raise Http404
    return _done(
        request, page, lambda: mandates.revoke_mandate(mandate_id=mandate, actor=viewer, now=now), "", anchor="#people"
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit_meeting(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a draft, or call a meeting again that had no quorum."""
    page, viewer, now = seen_meeting(request, pk), viewer_of(request), timezone.now()
    meeting = page.meeting
    if not page.is_secretary:
        raise PermissionDenied("edit_meeting")
    again = meeting.state == "no_quorum"
    kept = {name: getattr(meeting, name) for name in ("venue", "kind", "mode", "chair", "recorder")}
    initial = kept if again else kept | {"planned_at": timezone.localtime(meeting.planned_at)}
    typed = request.POST if request.method == "POST" else None
    form = PlanMeetingForm(typed, council=page.council, topics=[], initial=initial)
    if form.is_bound and form.is_valid():
        command = meetings.reconvene_meeting if again else meetings.change_meeting
        try:
            made = command(meeting_id=pk, plan=form.plan(), actor=viewer, now=now)
        except ValidationError as error:
            form.refuse(error)
        else:
            return redirect("council:meeting", pk=made.pk)
    label = _("另行召集") if again else _("修改会议")
    shown = {"council": page.council, "form": form, "label": label}
    return render(request, "council/meeting_form.html", shown, status=422 if form.errors else 200)


def sign_in_token(meeting: Meeting) -> str:
    """What the code on the wall holds: derived from the salt of the meeting, so that nobody can make it up."""
    return keyed_token(f"sign-in:{meeting.sign_in_salt}", 18)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest, pk: int, token: str) -> HttpResponse:
    """Who scans the code in the room says with one tap that they are there."""
    page, viewer, now = seen_meeting(request, pk), viewer_of(request), timezone.now()
    if not hmac.compare_digest(token, sign_in_token(page.meeting)) or not page.may_sign_in:
        raise Http404
    if request.method == "POST" and page.my_seat is not None:
        presence.sign_in(meeting_id=pk, seat_id=page.my_seat.seat.pk, actor=viewer, now=now, method=PresenceMethod.QR)
        messages.success(request, _("已签到。"))
        return redirect("council:meeting", pk=pk)
    return render(request, "council/sign_in.html", {"page": page, "meeting": page.meeting})


@login_required
@require_safe
def meeting_ics(request: HttpRequest, pk: int) -> HttpResponse:
    """The meeting for a calendar."""
    page = seen_meeting(request, pk)
    url = settings.BASE_URL + reverse("council:meeting", args=[pk])
    text = invitation_ics(page.meeting, [view.item for view in page.items], url=url)
    headers = {"Content-Disposition": f'attachment; filename="meeting-{pk}.ics"'}
    return HttpResponse(text, content_type="text/calendar; charset=utf-8", headers=headers)
