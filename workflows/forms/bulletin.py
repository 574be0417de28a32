"""Which bulletin: of a week or a month, the day that it holds, the area."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.forms import ANY, AreaField, areas_to_choose
from cases.models import Area, User
from workflows.figures.reading import Question
from workflows.forms.fields import DayField
from workflows.spans import MONTH, WEEK, begin_of

GRAINS = ((WEEK, _("周通报")), (MONTH, _("月通报")))


class BulletinForm(forms.Form):
    """What is not given: the last week that is over, of all that the viewer sees."""

    grain = forms.ChoiceField(label=_("通报周期"), choices=GRAINS, required=False)
    day = DayField(label=_("所含日期"), required=False)
    area = AreaField(label=_("区域"), queryset=Area.objects.none(), required=False, empty_label=ANY[1])

    def __init__(self, *args: Any, viewer: User, today: date, **kwargs: Any) -> None:
        self.today = today
        super().__init__(*args, **kwargs)
        areas: Any = self.fields["area"]
        areas.queryset = areas_to_choose(viewer, str(self.data.get("area", "")))

    def clean_day(self) -> date | None:
        """Nobody knows the future."""
        day: date | None = self.cleaned_data["day"]
        if day and day > self.today:
            raise forms.ValidationError(_("只能看已经开始的一期。"))
        return day

    def asked(self) -> tuple[str, date, Question]:
        """Week or month, a day of it, and the scope."""
        self.is_valid()
        grain = self.cleaned_data.get("grain") or WEEK
        day = self.cleaned_data.get("day") or begin_of(self.today, grain) - timedelta(days=1)
        return grain, day, Question(area=self.cleaned_data.get("area"))
