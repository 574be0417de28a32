"""The lists of the campaigns' pages as files: all campaigns; of one what was done, entry and exit, parts, answers."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from cases.lib.sheets import Column, Listing, Sheet, percent
from workflows.campaign_pages import CampaignPage, CampaignRow, Part, Span
from workflows.figures.campaign import COUNT_LABELS, FORMULAS
from workflows.figures.collected import Collected

Count = tuple[str, int, str, str]  # what, how many, how it is counted, of which kinds
CAMPAIGNS = Sheet[CampaignRow](
    "campaigns",
    _("专项行动"),
    (
        Column(_("名称"), 30, lambda row: row.campaign.name),
        Column(_("代码"), 14, lambda row: row.campaign.code),
        Column(_("状态"), 10, lambda row: str(row.words)),
        Column(_("自"), 12, lambda row: row.campaign.starts_on),
        Column(_("至"), 12, lambda row: row.campaign.ends_on),
        Column(_("开展区域"), 40, lambda row: row.places),
        Column(_("入库（件）"), 10, lambda row: row.cases),
        Column(_("在办（件）"), 10, lambda row: row.open),
    ),
    impersonal=True,
)
COUNTS = Sheet[Count](
    "campaign-counts",
    _("做了什么"),
    (
        Column(_("项目"), 20, lambda row: row[0]),
        Column(_("数量"), 10, lambda row: row[1]),
        Column(_("怎样算的"), 50, lambda row: row[2]),
        Column(_("其中"), 50, lambda row: row[3]),
    ),
    impersonal=True,
)
SPANS = Sheet[Span](
    "campaign-flow",
    _("入库和出库"),
    (
        Column(_("自"), 12, lambda row: row.since),
        Column(_("至"), 12, lambda row: row.until),
        Column(_("入库（件）"), 10, lambda row: row.entered),
        Column(_("出库（件）"), 10, lambda row: row.left),
        Column(_("期末在库（件）"), 12, lambda row: row.in_hand),
    ),
    impersonal=True,
)
COLLECTED = Sheet[Collected](
    "campaign-answers",
    _("收集到的回答"),
    (
        Column(_("问题"), 50, lambda row: row.text),
        Column(_("回答（件）"), 10, lambda row: row.answers),
        Column(_("收集到的回答"), 60, lambda row: " · ".join(f"{word} {n}" for word, n in row.parts)),
    ),
    impersonal=True,
)


PARTS = Sheet[Part](
    "campaign-parts",
    _("分开来看"),
    (
        Column(_("单位"), 30, lambda row: row.name),
        Column(_("入库（件）"), 10, lambda row: row.tally.cases),
        Column(_("已解决"), 10, lambda row: row.rates[0].numerator),
        Column(_("解决率分母"), 10, lambda row: row.rates[0].denominator),
        Column(_("解决率（%）"), 10, lambda row: percent(row.rates[0].value)),
        Column(_("满意率分子"), 10, lambda row: row.rates[1].numerator),
        Column(_("满意率分母"), 10, lambda row: row.rates[1].denominator),
        Column(_("满意率（%）"), 10, lambda row: percent(row.rates[1].value)),
    ),
    impersonal=True,
)


def _counts(page: CampaignPage) -> list[Count]:
    report = page.report
    return [
        (str(COUNT_LABELS[name]), n, str(FORMULAS[name]), " · ".join(f"{kind} {of}" for kind, of in report.kinds(name)))
        for name, n in report.counts().items()
    ]


def lists_of(page: CampaignPage) -> Mapping[str, Listing[Any]]:
    """The lists on the page of a campaign."""
    return {
        "counts": Listing(COUNTS, lambda: _counts(page)),
        "flow": Listing(SPANS, lambda: page.spans),
        "area": Listing(PARTS, lambda: page.by_area),
        "team": Listing(PARTS, lambda: page.by_team),
        "category": Listing(PARTS, lambda: page.by_category),
        "answers": Listing(COLLECTED, lambda: page.collected),
    }
