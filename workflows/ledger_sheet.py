"""The ledger as a file: what the page lists, with more columns."""

from collections.abc import Callable, Iterator, Sequence

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from cases.lib.masking import mask_text
from cases.lib.sheets import Cell, Column, Sheet
from cases.models import Campaign, Case, FormQuestion
from workflows.case_page import holder_of

CHUNK = 2000
RELATED = ("area", "category", "team", "council", "handler", "holder_user", "campaign", "main_case")
UNSHOWN = ("search_terms", "extra")


def _masked(name: str) -> Callable[[Case], Cell]:
    return lambda case: mask_text(getattr(case, name))


def _named(name: str) -> Callable[[Case], Cell]:
    return lambda case: str(getattr(case, name) or "")


LEDGER = Sheet[Case](
    "ledger",
    _("台账"),
    (
        Column(_("编号"), 14, lambda case: case.number),
        Column(_("标题"), 30, _masked("title")),
        Column(_("情况"), 50, _masked("description")),
        Column(_("地点"), 24, _masked("place")),
        Column(_("区域"), 36, _named("area")),
        Column(_("类别"), 12, _named("category")),
        Column(_("紧急程度"), 10, lambda case: case.get_priority_display()),
        Column(_("来源"), 12, lambda case: case.get_source_display()),
        Column(_("专项行动"), 14, _named("campaign")),
        Column(_("环节"), 10, lambda case: case.get_state_display()),
        Column(_("由谁办"), 20, holder_of),
        Column(_("主办"), 20, _named("team")),
        Column(_("承办人"), 10, _named("handler")),
        Column(_("上报时间"), 17, lambda case: case.reported_at),
        Column(_("时限"), 17, lambda case: case.due_at),
        Column(_("答复时间"), 17, lambda case: case.answered_at),
        Column(_("答复用时（工作日）"), 10, lambda case: case.answer_workdays),
        Column(_("结案时间"), 17, lambda case: case.closed_at),
        Column(_("结果"), 16, lambda case: case.get_result_code_display() if case.result_code else ""),
        Column(_("处置情况"), 50, _masked("result_text")),
        Column(_("轮次"), 6, lambda case: case.round),
        Column(_("并入"), 14, _named("main_case")),
        Column(_("外部编号"), 14, lambda case: case.external_ref),
    ),
)


def rows_of_keys(keys: Sequence[int]) -> Iterator[Case]:
    """The cases with these keys in their order, read in parts."""
    for start in range(0, len(keys), CHUNK):
        found = Case.objects.select_related(*RELATED).defer(*UNSHOWN).in_bulk(keys[start : start + CHUNK])
        yield from (found[key] for key in keys[start : start + CHUNK] if key in found)


def ledger_rows(found: QuerySet[Case]) -> Iterator[Case]:
    """The cases in the order asked for, with all that a line shows, read in chunks."""
    return found.select_related(*RELATED).defer(*UNSHOWN).iterator(chunk_size=CHUNK)


def sheet_of(campaign: Campaign | None) -> Sheet[Case]:
    """The ledger; of one campaign with a column for each question that it ever asked, in its newest words."""
    if campaign is None:
        return LEDGER
    asked = FormQuestion.objects.filter(form__campaign=campaign).order_by("form__n", "position")
    texts = {row.key: row.text for row in asked}
    more = tuple(Column[Case](text, 20, _answer(key)) for key, text in texts.items())
    return Sheet(LEDGER.name, campaign.name, (*LEDGER.columns, *more))


def _answer(key: str) -> Callable[[Case], Cell]:
    return lambda case: next((row.shown for row in case.collected_answers.all() if row.question.key == key), "")


def campaign_rows(found: QuerySet[Case]) -> Iterator[Case]:
    """The same cases with their answers."""
    return ledger_rows(found.prefetch_related("collected_answers__question"))
