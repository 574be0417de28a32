"""The ledger as a file: what the page lists, with more columns."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from cases.lib.masking import mask_text
from cases.lib.sheets import Cell, Column, Sheet
from cases.models import Campaign, Case, FormQuestion
from workflows.inboxes import Row, rows_of

CHUNK = 2000
RELATED = ("area", "category", "team", "council", "handler", "holder_user", "campaign", "main_case")
UNSHOWN = ("search_terms", "extra")


def _masked(name: str) -> Callable[[Row], Cell]:
    return lambda row: mask_text(getattr(row.case, name))


def _named(name: str) -> Callable[[Row], Cell]:
    return lambda row: str(getattr(row.case, name) or "")


LEDGER = Sheet[Row](
    "ledger",
    _("台账"),
    (
        Column(_("编号"), 14, lambda row: row.case.number),
        Column(_("标题"), 30, _masked("title")),
        Column(_("情况"), 50, _masked("description")),
        Column(_("地点"), 24, _masked("place")),
        Column(_("区域"), 36, _named("area")),
        Column(_("类别"), 12, _named("category")),
        Column(_("紧急程度"), 10, lambda row: row.case.get_priority_display()),
        Column(_("来源"), 12, lambda row: row.case.get_source_display()),
        Column(_("专项行动"), 14, _named("campaign")),
        Column(_("环节"), 10, lambda row: row.case.get_state_display()),
        Column(_("由谁办"), 20, lambda row: row.holder),
        Column(_("主办"), 20, _named("team")),
        Column(_("承办人"), 10, _named("handler")),
        Column(_("上报时间"), 17, lambda row: row.case.reported_at),
        Column(_("时限"), 17, lambda row: row.case.due_at),
        Column(_("剩余时间"), 20, lambda row: row.light.words),
        Column(_("答复时间"), 17, lambda row: row.case.answered_at),
        Column(_("答复用时（工作日）"), 10, lambda row: row.case.answer_workdays),
        Column(_("结案时间"), 17, lambda row: row.case.closed_at),
        Column(_("结果"), 16, lambda row: row.case.get_result_code_display() if row.case.result_code else ""),
        Column(_("处置情况"), 50, _masked("result_text")),
        Column(_("轮次"), 6, lambda row: row.case.round),
        Column(_("并入"), 14, _named("main_case")),
        Column(_("外部编号"), 14, lambda row: row.case.external_ref),
    ),
)


def rows_of_keys(keys: Sequence[int], *, now: datetime) -> Iterator[Row]:
    """The cases with these keys in their order, read in parts."""
    for start in range(0, len(keys), CHUNK):
        found = Case.objects.select_related(*RELATED).defer(*UNSHOWN).in_bulk(keys[start : start + CHUNK])
        yield from rows_of([found[key] for key in keys[start : start + CHUNK] if key in found], now=now)


def ledger_rows(found: QuerySet[Case], *, now: datetime) -> Iterator[Row]:
    """The cases in the order asked for, with all that a line shows, read in chunks."""
    cases = found.select_related(*RELATED).defer(*UNSHOWN).iterator(chunk_size=CHUNK)
    while chunk := list(islice(cases, CHUNK)):
        yield from rows_of(chunk, now=now)


def sheet_of(campaign: Campaign | None) -> Sheet[Row]:
    """The ledger; of one campaign with a column for each question that it ever asked, in its newest words."""
    if campaign is None:
        return LEDGER
    asked = FormQuestion.objects.filter(form__campaign=campaign).order_by("form__n", "position")
    texts = {row.key: row.text for row in asked}
    more = tuple(Column[Row](text, 20, _answer(key)) for key, text in texts.items())
    return Sheet(LEDGER.name, campaign.name, (*LEDGER.columns, *more))


def _answer(key: str) -> Callable[[Row], Cell]:
    return lambda row: next((one.shown for one in row.case.collected_answers.all() if one.question.key == key), "")


def campaign_rows(found: QuerySet[Case], *, now: datetime) -> Iterator[Row]:
    """The same cases with their answers."""
    return ledger_rows(found.prefetch_related("collected_answers__question"), now=now)
