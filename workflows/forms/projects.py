"""Forms of micro-projects: the proposal and every step after it; amounts are typed in yuan and read as whole fen."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.council_terms import FundSource, ProjectPhotoKind
from cases.lib.money import NotMoney, fen_of, yuan_of
from cases.models import MicroProject
from workflows.council.project_work import PHOTOS_IN, decisions_that_allow
from workflows.council.projects import Contract, Proposal
from workflows.forms.fields import DayField, PhotosField, bound, card_field, text_field
from workflows.forms.moves import MoveForm
from workflows.lifecycle import CaseLifecycle

STEPS = 4  # milestones of a proposal


class YuanField(forms.Field):
    """An amount in yuan with at most two digits after the point, as whole fen; never a float."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off", "maxlength": "24"}
        super().__init__(widget=forms.TextInput(attrs=attrs), **kwargs)

    def to_python(self, value: Any) -> int | None:
        text = str(value or "").strip()
        if not text:
            return None
        try:
            return fen_of(text)
        except NotMoney as error:
            raise forms.ValidationError(_("请填写金额，最多两位小数，例如 12345.67。")) from error


class ProposeForm(MoveForm):
    template_name = "council/_propose_form.html"
    errors_at = {"milestones": "step_1"}
    title = forms.CharField(label=_("项目名称"), max_length=120)
    scope = text_field(_("建设内容"), rows=4)
    budget = YuanField(label=_("预算（元）"))
    fund_source = forms.ChoiceField(label=_("资金来源"), choices=FundSource.choices)

    def prepare(self) -> None:
        for n in range(1, STEPS + 1):
            self.fields[f"step_{n}"] = forms.CharField(label=_("节点"), max_length=80, required=False)
            self.fields[f"day_{n}"] = DayField(label=_("计划日期"), required=False)

    def get_context(self) -> dict[str, Any]:
        rows = [bound(self, [f"step_{n}", f"day_{n}"]) for n in range(1, STEPS + 1)]
        return super().get_context() | {
            "rows": rows, "main": bound(self, ["title", "scope", "budget", "fund_source"])
        }  # fmt: skip

    def clean(self) -> None:
        for n in range(1, STEPS + 1):
            step, day = self.cleaned_data.get(f"step_{n}"), self.cleaned_data.get(f"day_{n}")
            for name, value, other in ((f"step_{n}", step, day), (f"day_{n}", day, step)):
                if other and not value and name not in self.errors:
                    self.add_error(name, _("节点和计划日期须一并填写。"))

    def inputs(self) -> dict[str, Any]:
        data = self.cleaned_data
        steps = [(data[f"step_{n}"], data[f"day_{n}"]) for n in range(1, STEPS + 1) if data.get(f"step_{n}")]
        fund = FundSource(data["fund_source"])
        return {"proposal": Proposal(data["title"], data["scope"], data["budget"], fund, steps)}


class ProjectForm(MoveForm):
    """The input of one command about a project that is there."""

    def __init__(self, *args: Any, project: MicroProject, **kwargs: Any) -> None:
        self.project = project
        case = CaseLifecycle(pk=project.follow_up.decision.case_id)  # these forms ask nothing about the case
        super().__init__(*args, case=case, **kwargs)


class ApproveForm(ProjectForm):
    amount = YuanField(label=_("批准金额（元）"))

    def prepare(self) -> None:
        self.fields["amount"].initial = yuan_of(self.project.budget_fen)

    def inputs(self) -> dict[str, Any]:
        return {"amount_fen": self.cleaned_data["amount"]}


class QuoteForm(ProjectForm):
    bidder = forms.CharField(label=_("报价单位"), max_length=80)
    amount = YuanField(label=_("报价（元）"))

    def inputs(self) -> dict[str, Any]:
        return {"bidder": self.cleaned_data["bidder"], "amount_fen": self.cleaned_data["amount"]}


class ContractForm(ProjectForm):
    quote = forms.ChoiceField(label=_("中选报价"), required=False)
    contractor = forms.CharField(
        label=_("施工单位"),
        max_length=80,
        required=False,
        help_text=_("选了报价就不用填；没有报价的，填写单位和金额。"),
    )
    amount = YuanField(label=_("合同金额（元）"), required=False, help_text=_("不填则按中选报价；不能超过批准金额。"))
    contract = forms.CharField(label=_("合同编号"), max_length=80, required=False)

    def prepare(self) -> None:
        rows = [(str(q.pk), f"{q.bidder} · {yuan_of(q.amount_fen)}") for q in self.project.quotes.all()]
        if rows:
            self.fields["quote"].choices = [("", _("不选")), *rows]  # type: ignore[attr-defined]
        else:
            del self.fields["quote"]

    def inputs(self) -> dict[str, Any]:
        data = self.cleaned_data
        chosen = int(data["quote"]) if data.get("quote") else None
        return {"contract": Contract(chosen, data["contractor"], data["amount"], data["contract"])}


class PlainForm(ProjectForm):
    """A step that asks for nothing."""


class MilestoneForm(ProjectForm):
    milestone = forms.ChoiceField(label=_("完成的节点"))

    def prepare(self) -> None:
        rows = [(str(row.pk), row.title) for row in self.project.milestones.all() if row.done_at is None]
        self.fields["milestone"].choices = rows  # type: ignore[attr-defined]

    def inputs(self) -> dict[str, Any]:
        return {"milestone_id": int(self.cleaned_data["milestone"])}


class PhotoForm(ProjectForm):
    kind = card_field(_("照片类型"), ProjectPhotoKind.choices, row=True)
    photos = PhotosField()

    def prepare(self) -> None:
        kinds = [kind for kind, states in PHOTOS_IN.items() if self.project.state in states]
        field: Any = self.fields["kind"]
        field.choices = [(kind.value, kind.label) for kind in kinds]
        field.initial = kinds[-1].value if kinds else None

    def inputs(self) -> dict[str, Any]:
        return {"kind": ProjectPhotoKind(self.cleaned_data["kind"]), "files": self.cleaned_data["photos"]}


class AcceptanceForm(ProjectForm):
    errors_at = {"words": "text"}
    household = forms.CharField(label=_("哪一户"), max_length=40, help_text=_("例如 3 栋 501。"))
    resident = forms.CharField(label=_("居民姓名"), max_length=50)
    accepted = card_field(_("是否同意验收"), [("yes", _("同意")), ("no", _("不同意"))], row=True)
    text = forms.CharField(label=_("意见"), max_length=200, required=False)

    def inputs(self) -> dict[str, Any]:
        data = self.cleaned_data
        said = {name: data[name] for name in ("household", "resident", "text")}
        return {**said, "accepted": data["accepted"] == "yes"}


class SettleForm(ProjectForm):
    amount = YuanField(label=_("结算金额（元）"))
    overspending_decision = forms.ChoiceField(label=_("同意超支的决议"), required=False)

    def prepare(self) -> None:
        council = self.project.follow_up.decision.council_id
        rows = [(str(row.pk), row.number) for row in decisions_that_allow(self.project, council)]
        field: Any = self.fields["overspending_decision"]
        field.choices = [("", _("没有超支")), *rows]

    def inputs(self) -> dict[str, Any]:
        chosen = self.cleaned_data["overspending_decision"]
        return {
            "amount_fen": self.cleaned_data["amount"],
            "overspending_decision_id": int(chosen) if chosen else None,
        }


class SurveyForm(ProjectForm):
    asked = forms.IntegerField(label=_("回访户数"), min_value=1, max_value=100_000)
    satisfied = forms.IntegerField(label=_("满意户数"), min_value=0, max_value=100_000)


class StopForm(ProjectForm):
    reason = text_field(_("终止理由"), rows=2)
