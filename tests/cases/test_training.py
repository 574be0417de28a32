"""Who takes part in a course; cases written up, without private data and agreed by a second person."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from cases.models import Course, ExemplaryCase
from cases.terms import Source
from cases.training import Participant, WriteUp, agree, enrol, mark_absent, propose, send_back, write_up
from tests.factories import NOW, World

DAY = NOW.date()


def words(**given: str) -> WriteUp:
    return WriteUp(**({"title": "一盏灯", "situation": "楼道黑。", "done": "换灯。", "lesson": "先问居民。"} | given))


def written(world: World, **given: Any) -> ExemplaryCase:
    case = world.case("closed", resident=True)
    return write_up(case=case, words=words(**given), actor=world.member, now=NOW)


def test_somebody_is_in_a_course_once(world: World) -> None:
    course = Course.objects.create(code="c1", name="第一期", starts_on=DAY, ends_on=DAY)
    people = [Participant(user=world.member), Participant(name="张三", organisation="街道"), Participant(name="张三")]
    assert enrol(course=course, people=[*people, *people, Participant()], actor=world.admin, now=world.now) == 3
    assert enrol(course=course, people=people, actor=world.admin, now=world.now) == 0
    with pytest.raises(PermissionDenied):
        enrol(course=course, people=people, actor=world.chief, now=world.now)
    row = course.enrolments.first()
    assert row is not None
    with pytest.raises(PermissionDenied):
        mark_absent(enrolment_id=row.pk, actor=world.member)
    mark_absent(enrolment_id=row.pk, actor=world.admin)
    assert course.enrolments.filter(absent=False).count() == 2


@pytest.mark.parametrize(
    "told", ["王小明家的灯坏了", "电话 138 0013 8000", "住在平山小区 3 栋 2 单元 501", "写信到 wang@example.com"]
)
def test_what_tells_who_the_resident_is_is_refused(world: World, told: str) -> None:
    with pytest.raises(ValidationError) as raised:
        written(world, situation=told)
    assert set(raised.value.message_dict) == {"situation"}


def test_only_a_closed_case_that_one_sees_is_written_up(world: World) -> None:
    for case, actor in ((world.case("answered"), world.member), (world.case("closed"), world.other_grid_worker)):
        with pytest.raises(PermissionDenied):
            write_up(case=case, words=words(), actor=actor, now=NOW)


def test_it_is_read_by_others_after_a_second_person_agreed(world: World) -> None:
    row = written(world)
    readers = (world.other_grid_worker, world.supervisor, world.member)

    def seen() -> list[bool]:
        return [ExemplaryCase.objects.visible_to(person).exists() for person in readers]

    assert seen() == [False, False, True]
    with pytest.raises(ValidationError):
        agree(exemplary_id=row.pk, actor=world.supervisor, now=NOW)
    with pytest.raises(PermissionDenied):
        propose(exemplary_id=row.pk, actor=world.leader)
    propose(exemplary_id=row.pk, actor=world.member)
    assert seen() == [False, True, True]
    with pytest.raises(PermissionDenied):
        agree(exemplary_id=row.pk, actor=world.member, now=NOW)
    agree(exemplary_id=row.pk, actor=world.supervisor, now=NOW)
    assert seen() == [True, True, True]
    with pytest.raises(ValidationError):
        write_up(case=row.case, words=words(), actor=world.member, now=NOW)
    with pytest.raises(ValidationError):
        send_back(exemplary_id=row.pk, actor=world.supervisor, note=" ")
    send_back(exemplary_id=row.pk, actor=world.supervisor, note="居民要求撤下")
    assert seen() == [False, True, True]


def test_nobody_agrees_to_their_own(world: World) -> None:
    case = world.case("closed", source=Source.DESK, actor=world.desk)
    row = write_up(case=case, words=words(), actor=world.supervisor, now=NOW)
    propose(exemplary_id=row.pk, actor=world.supervisor)
    with pytest.raises(PermissionDenied):
        agree(exemplary_id=row.pk, actor=world.supervisor, now=NOW)
    send_back(exemplary_id=row.pk, actor=world.chief, note="再写细一些")
    assert ExemplaryCase.objects.get().state == "draft"
