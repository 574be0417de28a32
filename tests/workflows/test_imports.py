"""Ledgers in: true times, second runs, wrong rows by name, dry runs, and the real file when it is there."""

import json
from datetime import date, datetime, time, timedelta
from io import StringIO
from pathlib import Path

import chinese_calendar
import pytest
from django.core.management import CommandError, call_command

from cases import events
from cases.models import Answer, Area, Case, CaseEvent, Reporter, Survey
from cases.terms import Source, State
from tests.factories import NOW, SHANGHAI, World
from tests.ledgers import ANSWERED, OPEN, counts, ledger, taken
from workflows.ledger_profiles import ImportRefused, find_profile
from workflows.limits import built
from workflows.models import Clock, SlaPolicy
from workflows.seed import seed_calendar

pytestmark = pytest.mark.django_db

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "citizen-messages-2011-2020.xlsx"


def shanghai(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=SHANGHAI)  # type: ignore[misc,arg-type]


def test_an_answered_row_becomes_an_ended_case_at_its_true_times(world: World, tmp_path: Path) -> None:
    assert counts(taken(ledger(tmp_path, ANSWERED))) == (1, 1, 0, 0)
    case = Case.objects.get()
    assert (case.source, case.external_ref, case.state) == (Source.IMPORT, "1001", State.CLOSED)
    assert (case.title, case.description, case.result_text) == ("路灯不亮", "小区东门。", "已修好。")
    assert case.reported_at == shanghai(2019, 4, 25, 9, 32, 9)
    assert case.answered_at == case.closed_at == shanghai(2019, 4, 30, 16, 0)
    assert case.number.startswith("2019-")
    assert case.extra == {"点赞": "3"}
    assert [e.type for e in case.events.order_by("seq")] == [
        "case.reported",
        "case.answer_adopted",
        "clock.stopped_late",
        "case.closed_unanswered",
    ]
    assert events.verify_case(case).broken == []
    assert not case.clocks.filter(stopped_at=None).exists()
    assert Survey.objects.get().solved is None
    assert Answer.objects.get().text == "已修好。"


def test_the_name_of_the_reporter_is_encrypted_at_rest(world: World, tmp_path: Path) -> None:
    taken(ledger(tmp_path, ANSWERED))
    assert Reporter.objects.get().name == "A00012345"
    with_sql = Reporter.objects.extra(select={"raw": "name"}).values_list("raw", flat=True).get()
    assert "A00012345" not in with_sql


def test_a_row_without_an_answer_becomes_a_reported_case_with_running_clocks(world: World, tmp_path: Path) -> None:
    taken(ledger(tmp_path, OPEN))
    case = Case.objects.get()
    assert (case.state, case.reported_at) == (State.REPORTED, shanghai(2020, 1, 6, 10, 0))
    assert case.due_at is not None
    assert case.due_at < NOW
    assert set(Clock.objects.filter(stopped_at=None).values_list("kind", flat=True)) == {"accept", "overall"}


def test_a_second_run_changes_nothing(world: World, tmp_path: Path) -> None:
    path = ledger(tmp_path, ANSWERED, OPEN)
    assert counts(taken(path)) == (2, 2, 0, 0)
    written = CaseEvent.objects.count()
    assert counts(taken(path)) == (2, 0, 2, 0)
    assert CaseEvent.objects.count() == written


def test_wrong_rows_are_named_and_the_others_load(world: World, tmp_path: Path) -> None:
    rows = [
        ANSWERED,
        ["2", "u", "", "2019-01-02", "没有标题", "", "", ""],
        ["3", "u", "时间不对", "去年夏天", "x", "", "", ""],
        ["4", "u", "倒着来", "2019-01-02", "x", "答", "2019-01-01", ""],
        ["5", "u", "只有答复", "2019-01-02", "x", "答", "", ""],
        ["6", "u", "只有答复时间", "2019-01-02", "x", "", "2019-01-03", ""],
        ["7", "u", "没有时间", "", "x", "", "", ""],
        ["8", "u", "还没到", "2031-01-02", "x", "", "", ""],
        ["9", "u", "太早", "1987-01-02", "x", "", "", ""],
        ["1" * 61, "u", "编号太长", "2019-01-02", "x", "", "", ""],
        OPEN,
    ]
    done = taken(ledger(tmp_path, *rows))
    assert counts(done) == (11, 2, 0, 9)
    assert [(e.row, e.field) for e in done.errors] == [
        (3, "title"),
        (4, "reported_at"),
        (5, "answered_at"),
        (6, "answered_at"),
        (7, "answer"),
        (8, "reported_at"),
        (9, "reported_at"),
        (10, "reported_at"),
        (11, "external_ref"),
    ]
    assert "去年夏天" in done.errors[1].reason
    assert Case.objects.count() == 2
    assert Reporter.objects.count() == 2  # nothing of a refused row is left behind


def test_one_number_with_two_contents_is_refused_and_a_plain_repetition_is_not(world: World, tmp_path: Path) -> None:
    other = [*OPEN[:2], "另一件事", *OPEN[3:]]
    done = taken(ledger(tmp_path, OPEN, OPEN, other))
    assert counts(done) == (3, 1, 1, 1)
    assert (done.errors[0].row, done.errors[0].field) == (4, "external_ref")
    assert "第 2 行" in done.errors[0].reason


def test_a_long_title_is_cut_and_kept_whole_beside(world: World, tmp_path: Path) -> None:
    whole = "很长" * 80
    taken(ledger(tmp_path, ["1", "u", whole, "2020-01-06", "x", "", "", ""]))
    case = Case.objects.get()
    assert (len(case.title), case.title[-1]) == (120, "…")
    assert whole.startswith(case.title[:-1])
    assert case.extra["留言主题"] == whole


def test_date_cells_and_number_cells_of_excel_are_read(world: World, tmp_path: Path) -> None:
    rows = [
        [1001.0, "u", "路灯不亮", datetime(2019, 4, 25, 9, 32, 9), "x", "答", "2019/4/30 16:00:00", 3.0],
        ["1002", "u", "停车难", "2019年4月25日", "x", "", "", ""],
    ]
    assert counts(taken(ledger(tmp_path, *rows, name="a.xlsx"))) == (2, 2, 0, 0)
    cases = {c.external_ref: c for c in Case.objects.all()}
    assert set(cases) == {"1001", "1002"}
    assert cases["1001"].reported_at == shanghai(2019, 4, 25, 9, 32, 9)
    assert cases["1002"].reported_at == shanghai(2019, 4, 25)


def test_a_general_ledger_is_recognised_with_its_areas_and_categories(world: World, tmp_path: Path) -> None:
    headers = ["标题", "登记时间", "内容", "地址", "小类", "社区", "联系电话"]
    rows = [
        ["楼道灯坏", "2026-01-05 09:00", "三楼", "3 栋", "路灯", "平山社区", "13800138000"],
        ["狗叫", "2026-01-05 09:00", "夜里", "5 栋", "养犬", "S1C1E1", ""],
        ["哪里的", "2026-01-05 09:00", "不知", "", "", "没有的社区", ""],
    ]
    path = ledger(tmp_path, *rows, headers=headers)
    done = taken(path)
    assert (done.profile, counts(done)) == ("general", (3, 1, 0, 2))
    assert [(e.row, e.field, e.value) for e in done.errors] == [(3, "category", "养犬"), (4, "area", "没有的社区")]
    lamp = Case.objects.get()
    assert (lamp.area, lamp.category, lamp.place) == (world.community, world.category, "3 栋")
    assert lamp.external_ref.startswith("row-")
    assert counts(taken(path)) == (3, 0, 1, 2)  # known again though the ledger has no numbers


def test_a_given_area_is_used_and_an_unknown_one_refused(world: World, tmp_path: Path) -> None:
    path = ledger(tmp_path, OPEN)
    with pytest.raises(ImportRefused, match="X9"):
        taken(path, area="X9")
    taken(path, area="S1C1")
    assert Case.objects.get().area == world.community


def test_without_any_area_nothing_is_imported_and_it_says_why(tmp_path: Path) -> None:
    assert not Area.objects.exists()
    with pytest.raises(ImportRefused, match="还没有任何区域"):
        taken(ledger(tmp_path, OPEN))


def test_without_limits_nothing_is_imported_and_it_says_what_to_run(world: World, tmp_path: Path) -> None:
    SlaPolicy.objects.all().delete()
    with pytest.raises(ImportRefused, match="seed_calendar"):
        taken(ledger(tmp_path, ANSWERED))
    assert not Case.objects.exists()


def test_unknown_columns_ask_for_a_profile(world: World, tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="甲、乙"):
        taken(ledger(tmp_path, ["1", "2"], headers=["甲", "乙"]))


def test_an_own_profile_is_taken_and_a_wrong_one_refused(world: World, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('zone = "America/New_York"\n[columns]\ntitle = ["甲"]\nreported_at = ["乙"]\n', encoding="utf-8")
    path = ledger(tmp_path, ["路灯", "2026-01-05 09:00"], headers=["甲", "乙"])
    taken(path, profile=str(own))
    assert Case.objects.get().reported_at == shanghai(2026, 1, 5, 22, 0)
    own.write_text('[columns]\ncolour = ["甲"]\n', encoding="utf-8")
    with pytest.raises(ImportRefused, match="colour"):
        taken(path, profile=str(own))
    with pytest.raises(ImportRefused, match="citizen_messages"):
        taken(path, profile="nothing")
    with pytest.raises(ImportRefused, match="留言编号"):
        find_profile(["甲"], "citizen_messages")


def test_a_dry_run_counts_the_same_and_leaves_nothing(world: World, tmp_path: Path) -> None:
    path = ledger(tmp_path, ANSWERED, OPEN, ["3", "u", "", "2019-01-02", "x", "", "", ""])
    assert counts(taken(path, dry_run=True)) == (3, 2, 0, 1)
    assert not Case.objects.exists()
    assert counts(taken(path)) == (3, 2, 0, 1)
    assert counts(taken(path, dry_run=True)) == (3, 0, 2, 1)


def test_the_command_prints_json(world: World, tmp_path: Path) -> None:
    out = StringIO()
    call_command("import_cases", str(ledger(tmp_path, ANSWERED, OPEN)), "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"rows": 2, "created": 2, "unchanged": 0, "errors": []}


def test_the_command_names_the_column_of_a_wrong_row(world: World, tmp_path: Path) -> None:
    out = StringIO()
    path = ledger(tmp_path, ["3", "u", "时间不对", "去年夏天", "x", "", "", ""])
    call_command("import_cases", str(path), "--dry-run", stdout=out)
    text = out.getvalue()
    assert "留言时间" in text
    assert "未导入 1" in text
    assert "试运行" in text


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 no zip"])
def test_a_file_that_cannot_be_read_is_one_sentence_and_exit_code_2(
    world: World, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "ledger.xlsx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError) as refused:
        call_command("import_cases", str(path))
    assert refused.value.returncode == 2
    assert "\n" not in str(refused.value)
    assert "ledger.xlsx" in str(refused.value)


def answer_workdays_by_walking(reported: datetime, answered: datetime) -> int:
    """The smallest n with the answer before the close of the n-th working day after the report; by another package."""
    if reported.date() == answered.date():
        return 0
    n, day = 0, reported.date()
    while True:
        day += timedelta(days=1)
        if chinese_calendar.is_workday(day):
            n += 1
            if answered <= datetime.combine(day, time(17, 30), SHANGHAI):
                return n


@pytest.mark.data
def test_the_first_rows_of_the_real_messages_load_with_the_right_working_days(world: World) -> None:
    if not REAL.is_file():
        pytest.skip("the real messages are not here: see shared/data/README.md")
    built.cache_clear()
    world.calendar.years.all().delete()
    seed_calendar(range(2010, 2022), now=NOW)
    done = taken(REAL, limit=150)
    assert (done.profile, counts(done)) == ("citizen_messages", (150, 150, 0, 0))
    checked = 0
    for case in Case.objects.all():
        assert case.answered_at is not None
        reported, answered = (m.astimezone(SHANGHAI) for m in (case.reported_at, case.answered_at))
        assert case.answer_workdays == answer_workdays_by_walking(reported, answered), case.external_ref
        checked += case.answer_workdays > 0
    assert checked > 100
    late = Case.objects.filter(answer_workdays__gt=15).count()
    assert 0 < late < 150
    assert events.verify_all().broken == []
    assert min(c.reported_at.astimezone(SHANGHAI).date() for c in Case.objects.all()) >= date(2011, 1, 1)
    assert counts(taken(REAL, limit=150)) == (150, 0, 150, 0)
