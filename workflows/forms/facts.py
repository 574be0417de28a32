"""Forms of what moves nothing: urge, correct_facts, report_again, add_note, reveal_reporter."""

from django.utils.translation import gettext_lazy as _

from cases.terms import Priority
from workflows.forms.fields import card_field, category_field, text_field
from workflows.forms.moves import MoveForm


class UrgeForm(MoveForm):
    words = text_field(_("催办意见"), rows=3)


class CorrectFactsForm(MoveForm):
    category = category_field()
    priority = card_field(_("紧急程度"), Priority.choices, row=True)
    reason = text_field(_("更正的理由"), rows=2)

    def prepare(self) -> None:
        self.fields["category"].initial = self.case.category_id
        self.fields["priority"].initial = self.case.priority


class AddNoteForm(MoveForm):
    words = text_field(_("备注"), rows=3)


class ReportAgainForm(MoveForm):
    words = text_field(_("还有什么问题"), rows=4)


class RevealReporterForm(MoveForm):
    reason = text_field(_("查看的理由"), rows=2, help_text=_("理由和您的姓名会留在流转记录里。"))
