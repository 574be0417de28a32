"""The lists of the training as files: courses, written-up cases, sharing sessions, teaching sites, lecturers."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from cases.lib.masking import mask_text
from cases.lib.sheets import Column, Listing, Sheet
from cases.models import Course, ExemplaryCase, Lecturer, SharingSession, TeachingSite, User
from workflows import training_pages as pages

COURSES = Sheet[Course](
    "courses",
    _("培训班"),
    (
        Column(_("名称"), 30, lambda row: row.name),
        Column(_("代码"), 14, lambda row: row.code),
        Column(_("开始日期"), 12, lambda row: row.starts_on),
        Column(_("结束日期"), 12, lambda row: row.ends_on),
        Column(_("到课（人）"), 10, lambda row: row.came),  # type: ignore[attr-defined]  # counted by `courses`
        Column(_("专项行动"), 24, lambda row: str(row.campaign or "")),
        Column(_("五学"), 30, lambda row: "、".join(row.mode_words)),
    ),
    impersonal=True,
)
EXEMPLARY = Sheet[ExemplaryCase](
    "exemplary-cases",
    _("典型案例"),
    (
        Column(_("标题"), 40, lambda row: mask_text(row.title)),
        Column(_("状态"), 10, lambda row: row.get_state_display()),
        Column(_("撰写人"), 12, lambda row: str(row.written_by)),
        Column(_("审核时间"), 17, lambda row: row.agreed_at),
    ),
)
SESSIONS = Sheet[SharingSession](
    "sharing-sessions",
    _("案例分享会"),
    (
        Column(_("名称"), 30, lambda row: row.name),
        Column(_("日期"), 12, lambda row: row.held_on),
        Column(_("地点"), 24, lambda row: row.place),
        Column(_("到会（人）"), 10, lambda row: row.attendance),
        Column(_("典型案例"), 50, lambda row: "、".join(mask_text(case.title) for case in row.cases.all())),
    ),
)
SITES = Sheet[TeachingSite](
    "teaching-sites",
    _("现场教学点"),
    (
        Column(_("名称"), 30, lambda row: row.name),
        Column(_("类型"), 14, lambda row: row.get_kind_display()),
        Column(_("区域"), 36, lambda row: str(row.area)),
        Column(_("地址"), 30, lambda row: row.address),
    ),
    impersonal=True,
)
LECTURERS = Sheet[Lecturer](
    "lecturers",
    _("师资库"),
    (
        Column(_("姓名"), 14, lambda row: row.name),
        Column(_("单位"), 30, lambda row: row.organisation),
        Column(_("擅长"), 30, lambda row: row.field),
    ),
)


def lists_of(viewer: User) -> Mapping[str, Listing[Any]]:
    """The lists on the page of the training, as its viewer sees them."""
    return {
        "cases": Listing(EXEMPLARY, lambda: pages.exemplary_seen(viewer)),
        "courses": Listing(COURSES, pages.courses),
        "sessions": Listing(SESSIONS, pages.sessions),
        "sites": Listing(SITES, pages.sites),
        "lecturers": Listing(LECTURERS, pages.lecturers),
    }
