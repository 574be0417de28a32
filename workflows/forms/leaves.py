"""The form of a leave: from which day to which, and who stands in."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from cases.models import User

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class LeaveForm(forms.Form):
    """Both days are days away: people say their last day, the record keeps the day after."""

    first = forms.DateField(label=_("第一天"), widget=DAY)
    last = forms.DateField(label=_("最后一天"), widget=DAY, help_text=_("这一天也算在内；提前回来可以随时结束。"))
    substitute = forms.ModelChoiceField(
        User.objects.none(),
        label=_("代理人"),
        empty_label=_("请选择"),
        help_text=_("代理人收到发给您的消息，在待办里看到您名下的件；能办什么仍按本人的职责。"),
    )

    def __init__(self, typed: Any = None, *, people: QuerySet[User], today: date, person: User | None = None) -> None:
        super().__init__(typed, initial={"first": today})
        if person:
            words = _("代理人收到发给%(name)s的消息，在待办里看到其名下的件；能办什么仍按代理人的职责。")
            self.fields["substitute"].help_text = words % {"name": person}
        self.fields["substitute"].queryset = people  # type: ignore[attr-defined]

    def inputs(self) -> dict[str, Any]:
        """As the command takes it."""
        found = self.cleaned_data
        return {
            "first": found["first"],
            "end": found["last"] + timedelta(days=1),
            "substitute": found["substitute"],
        }

    def refuse(self, error: ValidationError) -> None:
        """What the command refused, at its field."""
        self.add_error(None, error)
