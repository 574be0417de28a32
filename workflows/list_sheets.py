"""The lists of the staff as files: the columns of each. Which rows stand in them is for the pages to say."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from cases.lib.masking import mask_text
from cases.lib.sheets import Cell, Column, Sheet
from workflows.clock_audit import Kind
from workflows.desk_acts import Result
from workflows.inboxes import Errand, Row
from workflows.models import Leave, Request
from workflows.order_pages import OrderView


def _said(name: str) -> Callable[[Any], Cell]:
    return lambda row: mask_text(getattr(row, name))


ORDERS = Sheet[OrderView](
    "orders",
    _("督办单"),
    (
        Column(_("督办单号"), 18, lambda view: view.order.number),
        Column(_("状态"), 10, lambda view: view.order.get_state_display()),
        Column(_("督办要求"), 50, lambda view: mask_text(view.order.demand)),
        Column(_("主送"), 24, lambda view: view.order.unit),
        Column(_("件"), 14, lambda view: view.order.case.number),
        Column(_("标题"), 30, lambda view: view.title),
        Column(_("签发人"), 10, lambda view: str(view.order.issued_by)),
        Column(_("签发时间"), 17, lambda view: view.order.issued_at),
        Column(_("回复期限"), 17, lambda view: view.due_at),
        Column(_("剩余时间"), 20, lambda view: view.light.words),
        Column(_("回复"), 50, lambda view: mask_text(view.order.reply)),
        Column(_("回复人"), 10, lambda view: str(view.order.replied_by or "")),
        Column(_("回复时间"), 17, lambda view: view.order.replied_at),
        Column(_("处理意见"), 40, lambda view: mask_text(view.order.note)),
        Column(_("销号时间"), 17, lambda view: view.order.ended_at),
    ),
)
REQUESTS = Sheet[Request](
    "requests",
    _("申请"),
    (
        Column(_("事项"), 12, lambda row: row.get_kind_display()),
        Column(_("状态"), 10, lambda row: row.get_state_display()),
        Column(_("件"), 14, lambda row: row.case.number),
        Column(_("标题"), 30, lambda row: mask_text(row.case.title)),
        Column(_("区域"), 36, lambda row: str(row.case.area)),
        Column(_("理由"), 50, _said("reason")),
        Column(_("申请人"), 10, lambda row: str(row.asked_by)),
        Column(_("申请时间"), 17, lambda row: row.asked_at),
        Column(_("由谁审定"), 12, lambda row: row.get_decider_role_display()),
        Column(_("审定期限"), 17, lambda row: row.clock.due_at),
        Column(_("审定人"), 10, lambda row: str(row.decided_by or "")),
        Column(_("审定时间"), 17, lambda row: row.decided_at),
        Column(_("审定意见"), 40, _said("note")),
    ),
)
RESULTS = Sheet[Result](
    "results",
    _("办理结果"),
    (
        Column(_("编号"), 14, lambda row: row.case.number),
        Column(_("标题"), 30, lambda row: mask_text(row.case.title)),
        Column(_("结果"), 14, lambda row: str(row.outcome.label) if row.outcome else str(_("还没有办"))),
        Column(_("说明"), 50, lambda row: mask_text(row.said)),
        Column(_("环节"), 10, lambda row: row.case.get_state_display()),
        Column(_("由谁办"), 20, lambda row: row.now_at),
        Column(_("接下来可以"), 30, lambda row: "、".join(row.next)),
    ),
)
ERRANDS = Sheet[Errand](
    "errands",
    _("请您审定、协办、回复或落实"),
    (
        Column(_("事项"), 12, lambda row: row.kind),
        Column(_("件"), 14, lambda row: row.case.number),
        Column(_("标题"), 30, lambda row: mask_text(row.case.title)),
        Column(_("谁"), 20, lambda row: row.who),
        Column(_("内容"), 50, lambda row: mask_text(row.words)),
        Column(_("时限"), 17, lambda row: row.clock.due_at),
        Column(_("剩余时间"), 20, lambda row: row.light.words if row.light else ""),
    ),
)
COVERED = Sheet[tuple[Leave, Row]](
    "covered",
    _("我在代理"),
    (
        Column(_("休假人"), 12, lambda line: str(line[0].user)),
        Column(_("编号"), 14, lambda line: line[1].case.number),
        Column(_("标题"), 30, lambda line: mask_text(line[1].case.title)),
        Column(_("环节"), 10, lambda line: line[1].case.get_state_display()),
        Column(_("时限"), 17, lambda line: line[1].case.due_at),
        Column(_("剩余时间"), 20, lambda line: line[1].light.words),
    ),
)
CLOCKS = Sheet[Kind](
    "clocks",
    _("时钟核对"),
    (
        Column(_("时限种类"), 20, lambda row: row.label),
        Column(_("应有"), 8, lambda row: row.owed),
        Column(_("在走"), 8, lambda row: row.running),
        Column(_("暂停"), 8, lambda row: row.paused),
        Column(_("已预警"), 8, lambda row: row.warned),
        Column(_("已超期"), 8, lambda row: row.overdue),
        Column(_("暂定"), 8, lambda row: row.provisional),
        Column(_("相差"), 8, lambda row: row.difference),
    ),
    impersonal=True,
)
