"""The demonstration as event logs and against its own model.

Read by a process miner, the logs hold what the database holds and nothing about any person; the history fits the model.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from lxml import etree

from cases.models import (
    AgendaItem,
    Area,
    Case,
    CaseEvent,
    Council,
    Decision,
    Meeting,
    MicroProject,
    Reporter,
    Team,
    Topic,
    User,
)
from cases.terms import EventType
from tests.lived import LIVED_UNTIL
from tests.mining import OCEL_SCHEMA, checked, read
from workflows.conformance.tables import MACHINES
from workflows.event_log.naming import naming
from workflows.event_log.ocel import write_ocel
from workflows.event_log.scope import Scope
from workflows.event_log.xes import write_xes

pytestmark = [pytest.mark.django_db, pytest.mark.data]
XES = {"x": "http://www.xes-standard.org/"}


def written(kind: str, folder: Path, *options: str) -> Path:
    """The file of the command."""
    path = folder / ("log.xes" if kind == "xes" else "log.json")
    call_command("export_log", str(path), "--format", kind, *options, stdout=StringIO())
    return path


@pytest.fixture(autouse=True)
def _undone(lived: None) -> Iterator[None]:
    """What a test does to the demonstration is gone after it."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def private_words() -> set[str]:
    """What residents left, and every name of the staff."""
    found = {text for r in Reporter.objects.all() for text in (r.name, r.phone, r.email, r.address) if text}
    return found | {name for name in User.objects.values_list("name", flat=True) if name}


def test_xes_holds_every_case_and_every_event_of_it(tmp_path: Path) -> None:
    log = read("xes", written("xes", tmp_path))
    assert log["case:concept:name"].nunique() == Case.objects.count()
    assert len(log) == CaseEvent.objects.filter(council=None).count()
    by_type = Counter(CaseEvent.objects.filter(council=None).values_list("type", flat=True))
    wanted = {str(EventType(kind).label): count for kind, count in by_type.items()}
    assert dict(Counter(log["concept:name"])) == wanted
    case = Case.objects.order_by("-version").first()
    assert case is not None
    mine = log[log["case:concept:name"] == case.number]
    rows = list(case.events.order_by("seq"))
    assert list(mine["type"]) == [e.type for e in rows]
    assert [m.to_pydatetime() for m in mine["time:timestamp"]] == [e.at for e in rows]
    assert set(log["lifecycle:transition"]) == {"complete"}


def test_xes_declares_what_it_uses(tmp_path: Path) -> None:
    root = etree.parse(written("xes", tmp_path)).getroot()
    assert root.get("xes.version") == "1849.2016"
    prefixes = {e.get("prefix") for e in root.iterfind("x:extension", XES)}
    used = {key.partition(":")[0] for key in root.xpath("//@key") if ":" in key}
    assert used <= prefixes == {"concept", "time", "lifecycle", "org"}
    kinds = {etree.QName(e).localname for e in root.iterfind(".//x:event/*", XES)}
    assert kinds <= {"string", "date", "int", "boolean"}
    for scope, path in (("trace", "x:trace"), ("event", ".//x:event")):
        wanted = {a.get("key") for a in root.iterfind(f"x:global[@scope='{scope}']/*", XES)}
        assert wanted
        for row in root.iterfind(path, XES):
            keys = [a.get("key") for a in row if a.get("key")]
            assert wanted <= set(keys)
            assert len(keys) == len(set(keys))


def test_ocel_keeps_to_its_schema(tmp_path: Path) -> None:
    log = json.loads(written("ocel", tmp_path).read_text(encoding="utf-8"))
    jsonschema.validate(log, OCEL_SCHEMA)
    broken = json.loads(json.dumps(log))
    broken["events"][0]["ocel:activity"] = broken["events"][0].pop("type")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, OCEL_SCHEMA)
    for kind, rows in (("objectTypes", "objects"), ("eventTypes", "events")):
        declared = {t["name"]: {a["name"] for a in t["attributes"]} for t in log[kind]}
        assert len(declared) == len(log[kind])  # no type twice
        assert len({row["id"] for row in log[rows]}) == len(log[rows])
        for row in log[rows]:
            assert {a["name"] for a in row["attributes"]} <= declared[row["type"]]
    known = {row["id"] for row in log["objects"]}
    for row in (*log["objects"], *log["events"]):
        ends = [r["objectId"] for r in row["relationships"]]
        assert set(ends) <= known
        assert len(ends) == len(set(ends))


def test_ocel_holds_what_the_database_holds(tmp_path: Path) -> None:
    path = written("ocel", tmp_path)
    log = json.loads(path.read_text(encoding="utf-8"))
    counts = Counter(row["type"] for row in log["objects"])
    models: dict[str, Any] = {
        "case": Case, "council": Council, "team": Team, "topic": Topic, "meeting": Meeting, "decision": Decision,
        "project": MicroProject,
    }  # fmt: skip
    assert {name: counts[name] for name in models} == {name: m.objects.count() for name, m in models.items()}
    mined = read("ocel2_json", path)
    assert len(mined.events) == len(log["events"]) == CaseEvent.objects.count()
    told = {r["objectId"] for row in log["events"] for r in row["relationships"]}
    assert set(mined.objects["ocel:oid"]) == told  # a miner leaves out what no event tells of
    assert len(mined.relations) == sum(len(row["relationships"]) for row in log["events"])


def test_events_and_objects_are_related_by_name(tmp_path: Path) -> None:
    log = json.loads(written("ocel", tmp_path).read_text(encoding="utf-8"))
    objects = {row["id"]: row for row in log["objects"]}
    project = MicroProject.objects.select_related("follow_up__decision__item__topic").order_by("pk")[0]
    decision = project.follow_up.decision
    assert decision.item is not None
    chain = [
        (f"project:{project.pk}", "carries out", f"follow_up:{project.follow_up_id}"),
        (f"follow_up:{project.follow_up_id}", "follows from", f"decision:{decision.pk}"),
        (f"decision:{decision.pk}", "taken on", f"item:{decision.item_id}"),
        (f"item:{decision.item_id}", "about", f"topic:{decision.item.topic_id}"),
        (f"topic:{decision.item.topic_id}", "rests on", f"case:{decision.case.number}"),
    ]
    for source, qualifier, target in chain:
        assert {"objectId": target, "qualifier": qualifier} in objects[source]["relationships"]
    convened = next(e for e in log["events"] if e["attributes"][0]["value"] == "meeting.convened")
    called = next(r["objectId"] for r in convened["relationships"] if r["objectId"].startswith("meeting:"))
    held = Meeting.objects.get(pk=called.removeprefix("meeting:"))
    items = {r["objectId"] for r in convened["relationships"] if r["qualifier"] == "item"}
    assert items == {f"item:{pk}" for pk in held.items.values_list("pk", flat=True)}


@pytest.mark.parametrize("kind", ["xes", "ocel"])
def test_no_log_tells_anything_of_a_person(kind: str, tmp_path: Path) -> None:
    text = written(kind, tmp_path).read_text(encoding="utf-8")
    assert [word for word in private_words() if word in text] == []
    free = set(Case.objects.values_list("title", flat=True)) | set(Case.objects.values_list("description", flat=True))
    assert [words for words in free if words in text] == []
    people = set(re.findall(r"R-[0-9a-f]{10}", text))
    actors = CaseEvent.objects.exclude(actor=None)
    actors = actors if kind == "ocel" else actors.filter(council=None)
    assert len(people) == actors.values("actor").distinct().count()


def test_staff_are_named_only_when_asked_for(tmp_path: Path) -> None:
    text = written("xes", tmp_path, "--with-names").read_text(encoding="utf-8")
    assert User.objects.get(username="dispatcher").name in text
    assert "R-" not in text
    staff = set(User.objects.values_list("name", flat=True))  # a resident may bear the name of one of them
    assert not any(r.name in text for r in Reporter.objects.all() if r.name and r.name not in staff)
    with pytest.raises(CommandError):
        written("xes", tmp_path, "--with-names", "--pseudonymise")


def test_a_log_of_a_period_and_an_area_leaves_no_loose_end(tmp_path: Path) -> None:
    case = Case.objects.order_by("reported_at", "pk")[10]
    day = case.reported_at.astimezone(LIVED_UNTIL.tzinfo).date()
    area = Area.objects.get(pk=case.area_id)
    period = ("--from", str(day), "--to", str(day + timedelta(days=9)))
    log = json.loads(written("ocel", tmp_path, *period, "--area", area.code).read_text(encoding="utf-8"))
    numbers = {row["id"] for row in log["objects"] if row["type"] == "case"}
    assert f"case:{case.number}" in numbers
    assert 0 < len(numbers) < Case.objects.count()
    known = {row["id"] for row in log["objects"]}
    assert {r["objectId"] for row in log["events"] for r in row["relationships"]} <= known
    with pytest.raises(CommandError, match="没有代码"):
        written("ocel", tmp_path, "--area", "nowhere")


def test_the_log_of_cases_is_one_query_read_as_it_is_written() -> None:
    with CaptureQueriesContext(connection) as caught:
        done = write_xes(StringIO(), Scope(), naming("zh-hans", with_names=False))
    assert len(caught.captured_queries) <= 1  # PostgreSQL reads from a cursor of the server, which is not counted
    assert done.traces == Case.objects.count()


def test_control_characters_do_not_break_the_file() -> None:
    out = StringIO()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_team SET code = code || %s", ['\x0b<&">'])
    write_xes(out, Scope(), naming("zh-hans", with_names=False))
    assert "\x0b" not in out.getvalue()
    etree.fromstring(out.getvalue().encode())
    write_ocel(again := StringIO(), Scope(), naming("zh-hans", with_names=False))
    json.loads(again.getvalue())


def test_no_two_kinds_of_events_have_one_name() -> None:
    labels = Counter(str(kind.label) for kind in EventType)
    assert [label for label, n in labels.items() if n > 1] == []
    names = naming("zh-hans", with_names=False).activities()
    assert len(names) == len(set(names)) > len(labels)


def test_the_demonstration_fits_its_model_completely() -> None:
    code, found = checked()
    assert (code, found["fitness"], found["deviations"]) == (0, 1.0, [])
    assert found["events"] == CaseEvent.objects.count()
    assert found["fitting"]["case"] + Council.objects.exclude(version=0).count() == found["histories"]
    assert found["fitting"]["meeting"] == Meeting.objects.count()
    assert found["moves"]["case"]["accept"] == CaseEvent.objects.filter(type=EventType.ACCEPTED).count()
    assert found["moves"]["item"]["decide"] == AgendaItem.objects.filter(state="decided").count()
    assert set(found["moves"]) == {"case", *MACHINES}


def test_the_plain_output_counts_each_move() -> None:
    out = StringIO()
    call_command("check_conformance", stdout=out)
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert lines[-1] == ["Fitness", "1.0000,", "0", "deviations."]
    assert ["accept", str(CaseEvent.objects.filter(type=EventType.ACCEPTED).count())] in lines


def test_a_record_that_was_moved_past_its_history_is_found() -> None:
    item = AgendaItem.objects.filter(state="decided").order_by("pk")[0]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_agendaitem SET state = 'adjourned' WHERE id = %s", [item.pk])
    code, found = checked()
    assert code == 1
    (only,) = found["deviations"]
    assert only["number"].endswith(f"/{item.pk}")
    assert only["reason"] == "the history ends in decided, the record stands in adjourned"
