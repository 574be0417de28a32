"""The tables of workload and flow as files: the columns of each, and where its rows are from."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _

from cases.lib.sheets import Cell, Column, Listing, Sheet
from workflows.workload import flow, stock
from workflows.workload.scope import Scope


def _of_age(n: int) -> Callable[[stock.Stage], Cell]:
    return lambda row: row.ages[n].n


AGES = Sheet[stock.Stage](
    "ages",
    _("各环节的件龄"),
    (
        Column(_("环节"), 16, lambda row: row.label),
        *(Column(label, 10, _of_age(n)) for n, (_begin, _end, label) in enumerate(stock.AGES)),
        Column(_("合计"), 8, lambda row: row.n),
        Column(_("最早上报"), 17, lambda row: row.oldest),
    ),
    impersonal=True,
)
WAITS = Sheet[stock.Wait](
    "waits",
    _("等在谁那里"),
    (
        Column(_("环节"), 16, lambda row: row.stage_label),
        Column(_("责任单位"), 28, lambda row: row.name),
        Column(_("件数"), 8, lambda row: row.n),
        Column(_("平均（工作日）"), 10, lambda row: row.mean),
        Column(_("中位数"), 10, lambda row: row.median),
        Column(_("最长"), 10, lambda row: row.longest),
    ),
    impersonal=True,
)
HOLDS = Sheet[stock.Hold](
    "holds",
    _("挂账待复核"),
    (
        Column(_("主办"), 28, lambda row: row.name),
        Column(_("挂账中"), 8, lambda row: row.n),
        Column(_("到期未复核"), 10, lambda row: row.late),
        Column(_("快到复核日期"), 12, lambda row: row.soon),
        Column(_("最近的复核日期"), 17, lambda row: row.next_at),
    ),
    impersonal=True,
)
PENDING = Sheet[stock.Pending](
    "pending-requests",
    _("申请待答复"),
    (
        Column(_("由谁审定"), 14, lambda row: row.role_label),
        Column(_("事项"), 14, lambda row: row.kind_label),
        Column(_("待审定"), 8, lambda row: row.n),
        Column(_("超期"), 8, lambda row: row.late),
        Column(_("最早提出"), 17, lambda row: row.oldest),
    ),
    impersonal=True,
)
PAIRS = Sheet[flow.Pair](
    "returned",
    _("来回退"),
    (
        Column(_("街道"), 20, lambda row: row.area_name),
        Column(_("退回的工作队"), 28, lambda row: row.team_name),
        Column(_("退回次数"), 10, lambda row: row.times),
        Column(_("件数"), 8, lambda row: row.n),
        Column(_("又派回"), 8, lambda row: row.n_again),
    ),
    impersonal=True,
)
LOOPS = Sheet[flow.Loop](
    "sent-back",
    _("返工"),
    (
        Column(_("主办"), 28, lambda row: row.name),
        Column(_("返工次数"), 10, lambda row: row.total),
        Column(_("件数"), 8, lambda row: row.n),
        Column(_("不止一次"), 10, lambda row: row.n_more),
    ),
    impersonal=True,
)
BALANCES = Sheet[flow.Balance](
    "balance",
    _("收与结"),
    (
        Column(_("工作队"), 28, lambda row: row.name),
        Column(_("收到"), 8, lambda row: row.n_received),
        Column(_("办结"), 8, lambda row: row.n_closed),
        Column(_("收减结"), 8, lambda row: row.more),
    ),
    impersonal=True,
)


def lists_of(scope: Scope) -> Mapping[str, Listing[Any]]:
    """The tables of the page by their place on it."""
    return {
        "ages": Listing(AGES, partial(stock.ages, scope)),
        "waits": Listing(WAITS, partial(stock.waits, scope)),
        "holds": Listing(HOLDS, partial(stock.holds, scope)),
        "requests": Listing(PENDING, partial(stock.requests, scope)),
        "returned": Listing(PAIRS, partial(flow.pairs, scope)),
        "sent-back": Listing(LOOPS, partial(flow.loops, scope)),
        "balance": Listing(BALANCES, partial(flow.balances, scope)),
    }
