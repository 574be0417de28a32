"""The errand of signing minutes: one for each final wording, over when enough have signed."""

import pytest
from viewflow.workflow.status import PROCESS

from tests.councils import Body, make_body
from tests.factories import World
from tests.workflows.council.test_minutes import drafted, newest, step
from workflows.flows.signing import SigningFlow, add_addendum, approve_minutes, record_signature, sign_minutes
from workflows.models import SigningProcess


@pytest.fixture
def body(world: World) -> Body:
    return make_body(world)


def test_the_errand_begins_with_the_final_wording_and_ends_with_the_last_signature_needed(
    world: World, body: Body
) -> None:
    meeting = drafted(world, body)
    step(world, meeting, "circulate")
    approve_minutes(meeting_id=meeting.pk, actor=world.secretary, now=world.now)
    version = newest(meeting)
    process = SigningProcess.objects.get(version=version)
    seats = body.all_seats[:5]
    sign_minutes(version_id=version.pk, actor=seats[0].user, now=world.now, sha256=version.sha256)  # type: ignore[arg-type]
    for seat in seats[1:4]:
        record_signature(version_id=version.pk, seat_id=seat.pk, actor=world.secretary, now=world.now)
    assert SigningProcess.objects.get(pk=process.pk).status == PROCESS.NEW
    record_signature(version_id=version.pk, seat_id=seats[4].pk, actor=world.secretary, now=world.now)
    assert SigningProcess.objects.get(pk=process.pk).status == PROCESS.DONE
    assert [t.owner for t in process.task_set.filter(flow_task=SigningFlow.sign)] == [world.secretary]
    extra = add_addendum(meeting_id=meeting.pk, actor=world.secretary, now=world.now, body="第三项以测绘为准。")
    assert SigningProcess.objects.get(version=extra).status == PROCESS.NEW


def test_a_wording_that_cannot_be_final_leaves_no_errand(world: World, body: Body) -> None:
    meeting = drafted(world, body)
    with pytest.raises(Exception, match="approve"):
        approve_minutes(meeting_id=meeting.pk, actor=world.secretary, now=world.now)
    assert not SigningProcess.objects.exists()
