"""The supervisor's page: what is late, whose it is, and a reminder to up to twenty at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from cases.keyset import take
from cases.models import Case, User
from cases.selectors import PRESSING
from workflows import overdue as lists
from workflows.clock_audit import AUDITORS
from workflows.commands.supervise import urge_case

MOST_URGED = 20


class UrgeForm(forms.Form):
    """The words of a reminder and the cases that it is about."""

    words = forms.CharField(
        label=gettext_lazy("催办意见"),
        max_length=500,
        error_messages={"required": gettext_lazy("请写明催办意见。")},
    )
    case = forms.ModelMultipleChoiceField(
        label=gettext_lazy("要催办的件"),
        queryset=Case.objects.none(),
        error_messages={
            "required": gettext_lazy("请先在列表里选择要催办的件。"),
            "invalid_choice": gettext_lazy("所选的件已不在您的范围内，请重新选择。"),
        },
    )

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cases: Any = self.fields["case"]
        cases.queryset = Case.objects.visible_to(viewer)
        self.fields["words"].widget.attrs["placeholder"] = _("一次最多 %(n)s 件") % {"n": MOST_URGED}

    def clean_case(self) -> list[Case]:
        """At most as many as one looks at before reminding."""
        cases = list(self.cleaned_data["case"])
        if len(cases) > MOST_URGED:
            raise ValidationError(_("一次最多催办 %(n)s 件，请分几次。") % {"n": MOST_URGED})
        return cases


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def overdue(request: HttpRequest) -> HttpResponse:
    """超期与临期: the limits of the viewer's scope that are past or near."""
    viewer, now = cast(User, request.user), timezone.now()
    if not viewer.grants().has(*lists.WATCHERS):
        raise PermissionDenied("overdue")
    form = UrgeForm(request.POST or None, viewer=viewer)
    if request.method == "POST":
        if not viewer.grants().has(*lists.URGERS):
            raise PermissionDenied("urge_case")
        if form.is_valid():
            _urge(request, form.cleaned_data["case"], words=form.cleaned_data["words"], now=now)
            return redirect(request.get_full_path())
    return _page(request, viewer, form, now)


def _urge(request: HttpRequest, cases: Sequence[Case], *, words: str, now: datetime) -> None:
    """Each by itself: one that cannot be urged does not keep back the others, and is named."""
    done, refused = 0, []
    for case in cases:
        try:
            urge_case(case_id=case.pk, actor=cast(User, request.user), now=now, words=words)
            done += 1
        except PermissionDenied:
            refused.append(f"{case.number} {_('不归您督办')}")
        except ValidationError as error:
            refused.append(f"{case.number} {''.join(error.messages)}")
    if done:
        messages.success(request, ngettext("已催办 %(n)s 件。", "已催办 %(n)s 件。", done) % {"n": done})
    if refused:
        messages.warning(request, _("没有催办：%(cases)s") % {"cases": "；".join(refused)})


def _page(request: HttpRequest, viewer: User, form: UrgeForm, now: datetime) -> HttpResponse:
    limit, unit = request.GET.get("limit", ""), request.GET.get("unit", "")
    found = lists.pressing_clocks(viewer, now=now)
    units = lists.units_of(found, now=now)
    page = take(
        lists.with_cases(lists.narrowed(found, unit=unit, limit=limit, now=now)),
        PRESSING,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    rows = lists.overdue_rows(page.rows, viewer, now=now)
    shown = {
        "form": form,
        "page": page,
        "rows": rows,
        "units": units,
        "unit": next((one for one in units if one.key == unit), None),
        "limit": limit if limit in ("overdue", "soon") else "",
        "overdue": sum(one.overdue for one in units),
        "soon": sum(one.soon for one in units),
        "may_urge": any(row.may_urge for row in rows),
        "may_audit": viewer.grants().has(*AUDITORS),
        "chosen": {int(pk) for pk in request.POST.getlist("case") if pk.isdecimal()},
    }
    return render(request, "workflows/overdue.html", shown, status=422 if form.errors else 200)
