"""Forms of decisions: post, take down, photograph, object, reply, call into question, appeal."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from cases.council_terms import AppealState
from cases.models import Decision
from workflows.council.decision_reviews import LONGEST_AUTHORITY, LONGEST_NAME, LONGEST_REASON
from workflows.council.objections import LONGEST_CONTACT
from workflows.council.objections import LONGEST_NAME as LONGEST_PERSON
from workflows.forms.fields import PhotosField, card_field, text_field

VERDICTS = [
    ("uphold", AppealState.UPHELD.label),
    ("remand", AppealState.REMANDED.label),
    ("annul", AppealState.ANNULLED.label),
]
SUSTAINED = [("no", _("不成立：说明理由，决议照常")), ("yes", _("成立：决议暂缓，由督办员处理"))]


class ActForm(forms.Form):
    """The input of one command on a record of a council; errors of the command come back to their field."""

    errors_at: ClassVar[dict[str, str]] = {}  # where the command's field is called otherwise here

    def inputs(self) -> dict[str, Any]:
        """Keyword arguments of the command besides its row, actor and moment."""
        return dict(self.cleaned_data)

    def refuse(self, error: ValidationError) -> None:
        """Show what the command refused, at the field where it was typed."""
        by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
        for name, messages in by_field.items():
            field = self.errors_at.get(name, name)
            for message in messages:
                self.add_error(field if field in self.fields else None, message)


class PublishForm(ActForm):
    channels = forms.CharField(
        label=_("公示方式"), max_length=120, required=False, initial=_("小区公告栏、业主群"),
        help_text=_("除网上公示外，还贴在哪里、发在哪里。"),
    )  # fmt: skip


class TakeDownForm(ActForm):
    reason = text_field(_("提前取下的理由"), rows=2, help_text=_("重新张贴后，公示期从头算起。"))


class RepostForm(ActForm):
    """Nothing to type: the full time starts afresh."""


class EvidenceForm(ActForm):
    errors_at: ClassVar[dict[str, str]] = {"photo": "photos"}
    photos = PhotosField(most=1, label=_("张贴照片"), help_text=_("拍下贴在墙上的公示，居民在公示页上看得到。"))

    def clean_photos(self) -> UploadedFile:  # type: ignore[type-arg]
        chosen = self.cleaned_data["photos"]
        if not chosen:
            raise ValidationError(_("请选择一张照片。"))
        return chosen[0]  # type: ignore[no-any-return]

    def inputs(self) -> dict[str, Any]:
        return {"file": self.cleaned_data["photos"]}


class ObjectForm(ActForm):
    """What somebody has against it: on the public page, or entered by the secretary."""

    text = text_field(_("异议内容"), rows=4, help_text=_("写明对哪一点有异议、理由是什么。"))
    name = forms.CharField(label=_("姓名"), max_length=LONGEST_PERSON, required=False)
    contact = forms.CharField(
        label=_("联系方式"), max_length=LONGEST_CONTACT, required=False, help_text=_("只有议事会秘书看得到，不公开。")
    )


class ReplyForm(ActForm):
    reply = text_field(_("答复"), rows=3, help_text=_("答复会显示在公示页上，请勿写个人信息。"))
    sustained = card_field(_("异议是否成立"), SUSTAINED, initial="no")

    def inputs(self) -> dict[str, Any]:
        return {"reply": self.cleaned_data["reply"], "sustained": self.cleaned_data["sustained"] == "yes"}


class RevealForm(ActForm):
    reason = forms.CharField(label=_("查看的理由"), max_length=200, help_text=_("理由会留在办理记录里。"))


class WithdrawForm(ActForm):
    note = text_field(_("本人怎样撤回的"), rows=2)


class JudgeForm(ActForm):
    reason = forms.CharField(
        label=_("理由"), max_length=LONGEST_REASON, widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
    authority = forms.CharField(
        label=_("依据"), max_length=LONGEST_AUTHORITY, required=False, help_text=_("哪个机关或文件要求这样办。")
    )


class SupersedeForm(ActForm):
    errors_at: ClassVar[dict[str, str]] = {"by": "by_id"}
    by_id = forms.TypedChoiceField(label=_("新的决议"), coerce=int)
    reason = forms.CharField(label=_("理由"), max_length=LONGEST_REASON, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, later: list[Decision] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        by: Any = self.fields["by_id"]
        by.choices = [(row.pk, f"{row.number} {row.text[:40]}") for row in later or ()]


class AppealForm(ActForm):
    appellant = forms.CharField(label=_("申请人"), max_length=LONGEST_NAME)
    authority = forms.CharField(label=_("受理机关"), max_length=LONGEST_AUTHORITY)
    text = text_field(_("理由"), rows=3)


class DecideAppealForm(ActForm):
    verdict = card_field(_("处理结果"), VERDICTS, row=True)
    outcome = text_field(_("处理意见和文号"), rows=2, help_text=_("受理机关的处理意见，写明文号和日期。"))
