"""P13: a ledger taken in, parsing apart, against COPY of the very rows that it leaves in every table."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from math import log
from random import Random

from django.db import connection, transaction

from cases import events
from cases.lib.spreadsheet import Row
from cases.models import Answer, Case, CaseEvent, Reporter, Survey
from workflows import limits
from workflows import permissions as may
from workflows.benchmark.many import workday
from workflows.benchmark.measure import Figure, Turns, take_turns
from workflows.benchmark.twins import written_about
from workflows.benchmark.world import World
from workflows.commands.history import adopt_case
from workflows.commands.intake import report_case
from workflows.imports import BATCH, take
from workflows.ledger_profiles import by_hand, shape_of
from workflows.ledger_rows import RowReader, Seen, check
from workflows.models import Clock, ClockInterval, ImportedCase, ImportState, LedgerImport

ROUNDS, SHARES, TWINS = 2, (5, 0.5), 200  # a fifth of the size of the world, and twice as many rows
COLUMNS = {
    "external_ref": "编号", "title": "标题", "description": "情况", "place": "地点", "area": "区域", "category": "类别",
    "reporter_name": "姓名", "reporter_phone": "电话", "reported_at": "登记时间", "answer": "答复",
    "answered_at": "答复时间",
}  # fmt: skip
TABLES = (Reporter, Case, CaseEvent, Clock, ClockInterval, Answer, Survey, ImportedCase)
WHAT = ("路灯", "井盖", "停车")
SAID = ("东侧两盏路灯不亮已有三天，老人晚上下楼看不清台阶。", "电动车堵住单元门口，轮椅进出不便，多次反映无人管。",
        "下水井盖松动，夜里车过响声很大，影响休息。")  # fmt: skip


def measure_import(world: World, *, rounds: int = ROUNDS) -> list[Figure]:
    """Take in ledgers of two sizes: each row is checked, becomes a case with history and clocks, and is committed."""
    sizes = [max(int(world.size / share), BATCH) for share in SHARES]
    equal = _is_equal(world)
    turns = [_measure(world, size, rounds) for size in sizes]
    whole = equal and not events.verify_all().broken
    few, many = turns
    exponent = log((sizes[1] / many.subject) / (sizes[0] / few.subject)) / log(sizes[1] / sizes[0])
    name = f"P13 rows imported a second ÷ COPY, {sizes[1]:,} rows"
    return [
        Figure(name, many.subject, many.anchor, many.ratio, 0.1, 0.5, whole, many.noisy),
        Figure(f"P13 · with {sizes[0]:,} rows", few.subject, few.anchor, few.ratio, 0.1, 0.5, whole, few.noisy),
        Figure("P13 · growth of the time (exponent)", exponent, goal=1, smaller_is_better=True),
    ]


def _measure(world: World, size: int, rounds: int) -> Turns:
    rows, copied, floors = list(_rows(world, size)), _Copied(), _Floors()
    _import(world, rows)
    copied.keep(floors)

    def subject(_: int) -> None:
        _import(world, rows)

    def anchor(_: int) -> None:
        copied.restore()

    turns = take_turns(subject, anchor, rounds=rounds, size=size, warm_up=0, before=floors.clear)
    floors.clear()
    return turns


def _import(world: World, rows: Sequence[Row]) -> None:
    """As `imports.import_file` does it once the file is parsed."""
    profile, headers = by_hand(COLUMNS), list(COLUMNS.values())
    reader, seen = RowReader(profile, profile.found_in(headers), world.area, world.now), Seen()
    ledger = LedgerImport.objects.create(
        file_name="P13", headers=headers, shape=shape_of(headers), area=world.area, state=ImportState.LOADING,
        created_at=world.now,
    )  # fmt: skip
    for start in range(0, len(rows), BATCH):
        with transaction.atomic():
            take([one for one in check(rows[start : start + BATCH], reader, seen) if one.entry], ledger, now=world.now)


def _rows(world: World, count: int, first: int = 0) -> Iterator[Row]:
    """Rows as they come from a parsed file: five of six answered, a third of those late, one of four with a phone."""
    zone, random = limits.default_calendar().zone, Random(13)  # noqa: S311  # the same rows each time
    begin = datetime.combine(workday(world.now, -200), time(8, 30), zone)
    for n in range(first, first + count):
        at = begin + timedelta(minutes=random.randrange(100 * 24 * 60))
        answered = at + timedelta(hours=random.randrange(1, 400)) if n % 6 else None
        yield Row(n + 2, {
            "编号": f"P13-{n}", "标题": f"{n % 90}栋{random.choice(WHAT)}问题", "情况": random.choice(SAID),
            "地点": f"平山小区{n % 90}栋", "区域": world.area.code, "类别": world.category.code, "姓名": f"居民{n}",
            "电话": f"138{n:08d}" if n % 4 == 0 else "", "登记时间": f"{at:%Y-%m-%d %H:%M}", "来源": "12345",
            "答复": "已安排维修人员到场处理，现场已恢复，感谢反映。" if answered else "",
            "答复时间": f"{answered:%Y-%m-%d %H:%M}" if answered else "",
        })  # fmt: skip


def _is_equal(world: World) -> bool:
    """Some rows through the commands, one by one, and the same at once: every column of every table says the same."""
    floors, profile = _Floors(), by_hand(COLUMNS)
    rows = list(_rows(world, TWINS, first=10**7))
    reader = RowReader(profile, profile.found_in(COLUMNS.values()), world.area, world.now)
    entries = [one.entry for one in check(rows, reader) if one.entry]
    refs = [entry.report.external_ref for entry in entries]
    for entry in entries:
        if entry.answered_at is None:
            report_case(report=entry.report, actor=may.IMPORT, now=entry.reported_at)
        else:
            given = {"answer": entry.answer, "answered_at": entry.answered_at}
            adopt_case(report=entry.report, reported_at=entry.reported_at, **given)  # type: ignore[arg-type]
    wanted = written_about(refs)
    floors.clear()
    _import(world, rows)
    found = written_about(refs)
    floors.clear()
    return len(entries) == TWINS and found == wanted


class _Floors:
    """The newest keys of before: whatever is above them can go again."""

    def __init__(self) -> None:
        self.keys = {model: model._meta.base_manager.order_by("-pk").values_list("pk", flat=True).first() or 0
                     for model in TABLES}  # fmt: skip

    def clear(self) -> None:
        """Away with what was written since, and let the server put its house in order."""
        with connection.cursor() as cursor:
            for model in reversed(TABLES):  # whole histories go, each row before the one that it refers to
                table = model._meta.db_table
                cursor.execute(f"DELETE FROM {table} WHERE id > %s", [self.keys[model]])  # noqa: S608  # our own names
            for model in TABLES:
                cursor.execute(f"VACUUM (ANALYZE) {model._meta.db_table}")


class _Copied:
    """The rows of an import as COPY gives them out, to be copied in again."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, bytes]] = []

    def keep(self, floors: _Floors) -> None:
        """Read what stands above the floors."""
        with connection.cursor() as cursor:
            for model in TABLES:
                table = model._meta.db_table
                out = f"COPY (SELECT * FROM {table} WHERE id > {floors.keys[model]}) TO STDOUT"  # noqa: S608  # likewise
                with cursor.copy(out) as rows:
                    self.parts.append((table, b"".join(bytes(part) for part in rows)))

    def restore(self) -> None:
        """All tables, one COPY each, in one transaction: the constraints are checked as it commits."""
        with transaction.atomic(), connection.cursor() as cursor:
            for table, content in self.parts:
                with cursor.copy(f"COPY {table} FROM STDIN") as rows:
                    rows.write(content)
