"""Rules of councils in the admin: a pack is pasted as JSON, checked, and never changed afterwards."""

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from cases.admin import RegisterAdmin
from cases.models import MatterRule, RulePack
from workflows.council.packs import row_of
from workflows.polling.rules import RulesInvalid

SHOWN = ("code", "version", "name", "source", "note", "effective_from", "effective_to", "sha256", "rules")


class RulePackForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new pack, or a new version of one, as it stands in its file."""

    text = forms.CharField(
        label=_("规则（JSON）"),
        widget=forms.Textarea(attrs={"rows": 24}),
        help_text=_("可从 check_rule_pack 检查过的文件粘贴。使用前请与现行文本核对。"),
    )

    class Meta:
        model = RulePack
        fields = ()

    def clean_text(self) -> str:
        """Read and checked at once: every fault is named."""
        text = str(self.cleaned_data["text"])
        try:
            row = row_of(json.loads(text))
        except json.JSONDecodeError as error:
            raise ValidationError(_("不是 JSON：%(error)s") % {"error": error}) from error
        except RulesInvalid as error:
            raise ValidationError([str(fault) for fault in error.faults]) from error
        if RulePack.objects.filter(code=row.code, version=row.version).exists():
            raise ValidationError(
                _("%(code)s 的第 %(n)s 版已有，请把版本号加一。") % {"code": row.code, "n": row.version}
            )
        self.instance = row
        return text


@admin.register(RulePack)
class RulePackAdmin(RegisterAdmin):
    impersonal = True
    list_display = ("name", "code", "version", "effective_from", "effective_to")
    search_fields = ("name", "code")
    form = RulePackForm

    def get_fields(self, request: HttpRequest, obj: RulePack | None = None) -> tuple[str, ...]:
        return SHOWN if obj else ("text",)

    def get_readonly_fields(self, request: HttpRequest, obj: RulePack | None = None) -> tuple[str, ...]:
        return SHOWN if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and self._is_administrator(request)


@admin.register(MatterRule)
class MatterRuleAdmin(RegisterAdmin):
    impersonal = True
    list_display = ("matter", "competent", "pack_code")
