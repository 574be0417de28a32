"""Names of days in the reader's language: days of the week, holidays of the notices, days that were moved."""

import re

from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext as _

KNOWN = frozenset({
    gettext_noop("周一"), gettext_noop("周二"), gettext_noop("周三"), gettext_noop("周四"), gettext_noop("周五"),
    gettext_noop("周六"), gettext_noop("周日"), gettext_noop("休息日"), gettext_noop("调休补班"),
    gettext_noop("元旦"), gettext_noop("农历除夕"), gettext_noop("除夕"), gettext_noop("春节"),
    gettext_noop("清明节"), gettext_noop("劳动节"), gettext_noop("端午节"), gettext_noop("中秋节"),
    gettext_noop("国庆节"), gettext_noop("国庆节、中秋节"),
})  # fmt: skip
MOVED = re.compile(r"休息日（由 (?P<day>[\d-]+) 调休）")
INSTEAD = "（补假）"


def day_name(name: str) -> str:
    """A name from a calendar in the reader's language; a name that is not known stays as the notice has it."""
    if found := MOVED.fullmatch(name):
        return _("休息日（由 %(day)s 调休）") % {"day": found["day"]}
    if name.endswith(INSTEAD) and name.removesuffix(INSTEAD) in KNOWN:
        return _("%(name)s（补假）") % {"name": gettext(name.removesuffix(INSTEAD))}
    return "; ".join(gettext(part) if part in KNOWN else part for part in name.split("; "))
