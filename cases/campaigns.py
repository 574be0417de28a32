"""Setting campaigns up: period, areas, goals, the questions that they ask; and who heads a place, from when to when."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.access import record_access
from cases.audit_terms import AccessKind
from cases.campaign_terms import SHARES, GoalKind, QuestionKind, YesNo
from cases.models import (
    Area,
    AreaHead,
    Campaign,
    CampaignGoal,
    Case,
    CollectedAnswer,
    CollectionForm,
    FormQuestion,
    Team,
    User,
)
from cases.permissions import may_appoint_heads, may_edit_campaign

MOST_QUESTIONS, MOST_CHOICES = 20, 20
ANSWER_LENGTH = 500
PER_CENT = 100
RESERVED = ("new",)  # an address of its own


@dataclass(frozen=True)
class CampaignPlan:
    """What a campaign is to be."""

    code: str
    name: str
    starts_on: date
    ends_on: date | None = None
    purpose: str = ""
    areas: Sequence[Area] = ()
    lead_team: Team | None = None
    teams: Sequence[Team] = ()
    goals: Mapping[str, int] = field(default_factory=dict)  # by GoalKind
    active: bool = True


@dataclass(frozen=True)
class Asked:
    """A question as it is to be asked; `key` says that it is one of the version before."""

    text: str
    kind: QuestionKind = QuestionKind.TEXT
    choices: tuple[str, ...] = ()
    required: bool = False
    key: str = ""


@transaction.atomic
def save_campaign(*, plan: CampaignPlan, actor: User, campaign: Campaign | None = None) -> Campaign:
    """Set a campaign up, or change it. Raises PermissionDenied, ValidationError by field."""
    before = list(campaign.areas.all()) if campaign else list(plan.areas)
    if not (may_edit_campaign(actor, before) and may_edit_campaign(actor, plan.areas)):
        raise PermissionDenied("save_campaign")
    _check_plan(plan, campaign)
    row = campaign or Campaign()
    for name in ("code", "name", "starts_on", "ends_on", "purpose", "lead_team", "active"):
        setattr(row, name, getattr(plan, name))
    row.save()
    row.areas.set(plan.areas)
    row.teams.set(plan.teams)
    row.goals.exclude(kind__in=plan.goals).delete()
    for kind, target in plan.goals.items():
        CampaignGoal.objects.update_or_create(campaign=row, kind=kind, defaults={"target": target})
    return row


def _check_plan(plan: CampaignPlan, campaign: Campaign | None) -> None:
    errors: dict[str, object] = {}
    if not plan.name.strip():
        errors["name"] = _("请填写名称。")
    if plan.ends_on and plan.ends_on < plan.starts_on:
        errors["ends_on"] = _("结束日期不能早于开始日期。")
    same = Campaign.objects.filter(code=plan.code)
    if plan.code in RESERVED or (same.exclude(pk=campaign.pk) if campaign else same).exists():
        errors["code"] = _("这个代码已经用了，请换一个。")
    for kind, target in plan.goals.items():
        if kind in SHARES and target > PER_CENT:
            errors[f"goal_{GoalKind(kind).value}"] = _("百分比不能超过 100。")
    if campaign is not None:
        errors |= _against_its_cases(plan, campaign)
    if errors:
        raise ValidationError(errors)


def _against_its_cases(plan: CampaignPlan, campaign: Campaign) -> dict[str, object]:
    """A period may not leave out what was reported in it."""
    times = campaign.cases.order_by("reported_at").values_list("reported_at", flat=True)
    first, last = times.first(), times.last()
    if first and timezone.localdate(first) < plan.starts_on:
        return {"starts_on": _("已有件在这一天之前上报（%(day)s），请改早一些。") % {"day": timezone.localdate(first)}}
    if last and plan.ends_on and timezone.localdate(last) > plan.ends_on:
        return {"ends_on": _("已有件在这一天之后上报（%(day)s），请改晚一些。") % {"day": timezone.localdate(last)}}
    return {}


@transaction.atomic
def publish_form(*, campaign: Campaign, questions: Sequence[Asked], actor: User, now: datetime) -> CollectionForm:
    """Ask these questions from now on: a new version, none when nothing changed. No questions: nothing is asked.

    Raises PermissionDenied, ValidationError({"question_<n>": …}).
    """
    if not may_edit_campaign(actor, campaign.areas.all()):
        raise PermissionDenied("publish_form")
    _check_questions(questions)
    campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)
    newest = newest_form(campaign)
    known = list(newest.questions.all()) if newest else []
    if newest and [_said(row) for row in known] == [_said(row) for row in questions]:
        return newest
    form = CollectionForm.objects.create(campaign=campaign, n=newest.n + 1 if newest else 1, made_by=actor, made_at=now)
    used = FormQuestion.objects.filter(form__campaign=campaign).values_list("key", flat=True)
    keys = _keys({row.key for row in known}, set(used), questions)
    FormQuestion.objects.bulk_create(
        FormQuestion(
            form=form, key=key, position=n, text=row.text.strip(), kind=row.kind, choices=list(row.choices),
            required=row.required,
        )
        for n, (key, row) in enumerate(zip(keys, questions, strict=True), 1)
    )  # fmt: skip
    return form


def _said(row: FormQuestion | Asked) -> tuple[object, ...]:
    return row.text.strip(), row.kind, list(row.choices), row.required


def _keys(kept: set[str], used: set[str], questions: Sequence[Asked]) -> list[str]:
    """One key for each question: its own when it was there before, else one that was never used."""
    fresh = (key for n in range(1, 10_000) if (key := f"q{n}") not in used)
    found: list[str] = []
    for row in questions:
        found.append(row.key if row.key in kept and row.key not in found else next(fresh))
    return found


def _check_questions(questions: Sequence[Asked]) -> None:
    errors: dict[str, object] = {}
    if len(questions) > MOST_QUESTIONS:
        errors["questions"] = _("最多 %(n)s 个问题，请删去一些。") % {"n": MOST_QUESTIONS}
    texts = [row.text.strip() for row in questions]
    for n, row in enumerate(questions):
        if texts.index(row.text.strip()) < n:
            errors[f"question_{n}"] = _("这个问题和前面的重复，请改写。")
        elif row.kind == QuestionKind.CHOICE and not 1 < len(set(row.choices)) == len(row.choices) <= MOST_CHOICES:
            errors[f"question_{n}"] = _("单选题要有 2 到 %(n)s 个不同的选项，每行一个。") % {"n": MOST_CHOICES}
    if errors:
        raise ValidationError(errors)


def newest_form(campaign: Campaign) -> CollectionForm | None:
    """The version that is asked now, with its questions."""
    return campaign.forms.prefetch_related("questions").order_by("-n").first()


def check_answers(
    questions: Iterable[FormQuestion], given: Mapping[str, str], *, all_needed: bool = True
) -> dict[str, str]:
    """Answers by key as they are kept. Raises ValidationError({"answer_<key>": …}) for each that cannot be."""
    kept: dict[str, str] = {}
    errors: dict[str, object] = {}
    for row in questions:
        text = str(given.get(row.key, "")).strip()
        if not text:
            if row.required and all_needed:
                errors[f"answer_{row.key}"] = _("请回答这个问题。")
            continue
        try:
            kept[row.key] = READERS[QuestionKind(row.kind)](row, text)
        except ValidationError as error:
            errors[f"answer_{row.key}"] = error
    if errors:
        raise ValidationError(errors)
    return kept


def _text(_row: FormQuestion, text: str) -> str:
    if len(text) > ANSWER_LENGTH:
        raise ValidationError(_("最多 %(n)s 个字。") % {"n": ANSWER_LENGTH})
    return text


def _choice(row: FormQuestion, text: str) -> str:
    if text not in row.choices:
        raise ValidationError(_("请从选项里选一个。"))
    return text


def _number(_row: FormQuestion, text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValidationError(_("请填写数字。")) from error
    if not number.is_finite() or abs(number) >= Decimal(10) ** 12:
        raise ValidationError(_("请填写数字。"))
    return format(number.normalize(), "f")


def _yes_no(_row: FormQuestion, text: str) -> str:
    if text not in YesNo.values:
        raise ValidationError(_("请选“是”或“否”。"))
    return text


READERS = {
    QuestionKind.TEXT: _text, QuestionKind.CHOICE: _choice, QuestionKind.NUMBER: _number, QuestionKind.YES_NO: _yes_no,
}  # fmt: skip


def keep_answers(case: Case, form: CollectionForm, answers: Mapping[str, str]) -> None:
    """Keep checked answers with the case that they came with."""
    by_key = {row.key: row for row in form.questions.all()}
    CollectedAnswer.objects.bulk_create(
        CollectedAnswer(case_id=case.pk, question=by_key[key], value=value) for key, value in answers.items()
    )


def covers(campaign: Campaign, area: Area) -> bool:
    """Whether a place lies in the target areas of a campaign; one without target areas is everywhere."""
    paths = campaign.paths()
    return not paths or any(area.path.startswith(path) for path in paths)


@transaction.atomic
def appoint_head(  # who, of what, from when
    *, area: Area, actor: User, valid_from: date, now: datetime, user: User | None = None, name: str = ""
) -> AreaHead:
    """Name who answers for a place from a day on; the one before ends that day.

    Raises PermissionDenied, ValidationError by field.
    """
    if not may_appoint_heads(actor, area):
        raise PermissionDenied("appoint_head")
    if (user is None) == (not name.strip()):
        raise ValidationError({"name": _("请选一位工作人员，或填写姓名，两者填一项。")})
    Area.objects.select_for_update().get(pk=area.pk)
    for before in AreaHead.objects.filter(area=area, valid_to=None):
        if before.valid_from >= valid_from:
            raise ValidationError(
                {"valid_from": _("现任从 %(day)s 开始，新任须晚于这一天。") % {"day": before.valid_from}}
            )
        before.valid_to = valid_from
        before.save(update_fields=["valid_to"])
    head = AreaHead.objects.create(area=area, user=user, name="" if user else name.strip(), valid_from=valid_from)
    record_access(AccessKind.CHANGED, by=actor, at=now, area=area, details={"list": "heads", "key": head.pk})
    return head


@transaction.atomic
def end_head(*, head_id: int, actor: User, valid_to: date) -> AreaHead:
    """End an appointment on a day (it is the first without it). Raises PermissionDenied, ValidationError."""
    head = AreaHead.objects.select_for_update(of=("self",)).select_related("area").get(pk=head_id)
    if not may_appoint_heads(actor, head.area):
        raise PermissionDenied("end_head")
    if head.valid_to is not None:
        raise ValidationError(_("已经在 %(day)s 卸任。") % {"day": head.valid_to})
    if valid_to <= head.valid_from:
        raise ValidationError({"valid_to": _("卸任须晚于上任的日期 %(day)s。") % {"day": head.valid_from}})
    head.valid_to = valid_to
    head.save(update_fields=["valid_to"])
    return head
