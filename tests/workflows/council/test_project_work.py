import io
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from PIL import ExifTags, Image

from cases.council_terms import ProjectPhotoKind, ProjectState
from cases.models import Acceptance, Decision, MicroProject, ProjectPhoto
from cases.terms import DecisionOutcome, EventType
from tests.decided import DAY, a_project, another, photo, said
from tests.factories import World
from workflows.council import project_work, projects

AFTER = ProjectPhotoKind.AFTER


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def fresh(project: MicroProject) -> MicroProject:
    return MicroProject.objects.get(pk=project.pk)


def settle(world: World, project: MicroProject, fen: int, **given: Any) -> None:
    project_work.settle_project(project_id=project.pk, actor=world.member, now=world.now, amount_fen=fen, **given)


def say_yes_or_no(world: World, project: MicroProject, *answers: bool) -> None:
    for n, accepted in enumerate(answers):
        project_work.record_acceptance(
            project_id=project.pk, actor=world.member, now=world.now, resident="王小明", household=f"1-{n}",
            accepted=accepted,
        )  # fmt: skip


def add(world: World, project: MicroProject, *files: Any, kind: ProjectPhotoKind = AFTER) -> list[ProjectPhoto]:
    return project_work.add_project_photos(
        project_id=project.pk, actor=world.member, now=world.now, kind=kind, files=files
    )


def field_of(refused: Any) -> list[str]:
    return list(refused.value.message_dict)


def test_milestones_are_reached_while_the_work_goes_on_each_once(world: World) -> None:
    project = a_project(world, "contracted")
    first = project.milestones.first()
    assert first is not None
    reach = {"project_id": project.pk, "milestone_id": first.pk, "actor": world.member, "now": world.now + DAY}
    with pytest.raises(ValidationError, match="开工以后"):
        project_work.reach_milestone(**reach)
    projects.start_project(project_id=project.pk, actor=world.member, now=world.now)
    project_work.reach_milestone(**reach)
    assert [row.done_at for row in project.milestones.all()] == [world.now + DAY, None]
    with pytest.raises(ValidationError, match="已经登记"):
        project_work.reach_milestone(**reach)


def test_photographs_lose_everything_but_the_picture(world: World) -> None:
    project = a_project(world, "under_way")
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "SECRET-PHONE"
    raw = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(raw, "JPEG", exif=exif)
    (row,) = add(world, project, raw)
    with row.file.open("rb") as file:
        kept = file.read()
    assert (b"SECRET-PHONE" in raw.getvalue(), b"SECRET-PHONE" in kept) == (True, False)
    assert (row.width, row.height, row.kind) == (64, 48, "after")


def test_photographs_belong_to_their_time_and_are_kept_once(world: World) -> None:
    project = a_project(world)
    with pytest.raises(ValidationError) as refused:
        add(world, project, photo("red"))
    assert field_of(refused) == ["kind"]
    add(world, project, photo("red"), kind=ProjectPhotoKind.BEFORE)
    for files in ([photo("red")], [io.BytesIO(b"no picture")], []):
        with pytest.raises(ValidationError) as refused:
            add(world, project, *files, kind=ProjectPhotoKind.BEFORE)
        assert field_of(refused) == ["photos"]
    assert ProjectPhoto.objects.count() == 1


def test_a_household_speaks_once_and_its_name_is_not_readable_in_the_table(world: World) -> None:
    project = a_project(world, "under_way")
    say_yes_or_no(world, project, True)
    with pytest.raises(ValidationError) as refused:
        say_yes_or_no(world, project, False)
    assert field_of(refused) == ["household"]
    assert Acceptance.objects.extra(where=["resident like '%%王小明%%'"]).count() == 0
    assert Acceptance.objects.get().resident == "王小明"
    assert "王小明" not in str([event.data for event in said(world, EventType.PROJECT_MOVED)])


@pytest.mark.parametrize(("answers", "words"), [
    ([], "还差 3 户"), ([True, True], "还差 1 户"), ([True, True, False, False], "同意的须多于不同意的"),
])  # fmt: skip
def test_the_work_is_accepted_by_more_residents_than_not(world: World, answers: list[bool], words: str) -> None:
    project = a_project(world, "under_way")
    add(world, project, photo("green"))
    say_yes_or_no(world, project, *answers)
    with pytest.raises(ValidationError, match=words):
        project_work.accept_project(project_id=project.pk, actor=world.secretary, now=world.now)
    assert fresh(project).state == ProjectState.UNDER_WAY


def test_the_work_is_accepted_with_a_photograph_and_by_somebody_else(world: World) -> None:
    project = a_project(world, "under_way")
    say_yes_or_no(world, project, True, True, False)
    with pytest.raises(ValidationError, match="完工后"):
        project_work.accept_project(project_id=project.pk, actor=world.secretary, now=world.now)
    add(world, project, photo("green"))
    with pytest.raises(PermissionDenied):
        project_work.accept_project(project_id=project.pk, actor=world.member, now=world.now)
    project_work.accept_project(project_id=project.pk, actor=world.supervisor, now=world.now)
    assert fresh(project).state == ProjectState.ACCEPTED


def test_a_settlement_of_exactly_a_tenth_more_passes_and_one_fen_more_does_not(world: World) -> None:
    project = a_project(world, "accepted")
    with pytest.raises(ValidationError) as refused:
        settle(world, project, 8_800_001)
    assert field_of(refused) == ["overspending_decision"]
    settle(world, project, 8_800_000)
    assert (fresh(project).settled_fen, fresh(project).overspending_decision) == (8_800_000, None)


def test_the_share_is_that_of_the_pack_of_the_meeting_that_decided(world: World) -> None:
    project = a_project(world, "accepted", overspend={"frac": [1, 3]})
    limit = 8_000_000 + 8_000_000 // 3  # a third of it is no whole number of fen
    assert not project_work.overspends(project, limit)
    assert project_work.overspends(project, limit + 1)


def test_a_pack_that_names_no_share_allows_a_tenth(world: World) -> None:
    project = a_project(world, "accepted", overspend=None)
    assert not project_work.overspends(project, 8_800_000)
    assert project_work.overspends(project, 8_800_001)


def test_beyond_the_share_a_new_decision_in_force_allows_it(world: World) -> None:
    project = a_project(world, "accepted")
    case, later = project.follow_up.decision.case, world.now + DAY
    same = project.follow_up.decision
    no_use = [
        same,
        another(world, case=case, recorded_at=later, state="effective", outcome=DecisionOutcome.NOT_ADOPTED),
        another(world, case=case, recorded_at=later, state="in_publication"),
        another(world, case=case, recorded_at=world.now - DAY, state="effective"),
    ]
    for decision in no_use:
        with pytest.raises(ValidationError, match="申报以后通过并已生效"):
            settle(world, project, 9_000_000, overspending_decision_id=decision.pk)
    good: Decision = another(world, case=case, recorded_at=later, state="effective")
    settle(world, project, 9_000_000, overspending_decision_id=good.pk)
    assert (fresh(project).settled_fen, fresh(project).overspending_decision) == (9_000_000, good)
    assert said(world, EventType.PROJECT_MOVED)[-1].data["overspending_decision"] == good.number


@pytest.mark.parametrize(("asked", "satisfied", "field"), [
    (0, 0, "asked"), (3, 4, "satisfied"), (3, -1, "satisfied"),
])  # fmt: skip
def test_a_survey_counts_households(world: World, asked: int, satisfied: int, field: str) -> None:
    project = a_project(world, "settled")
    with pytest.raises(ValidationError) as refused:
        project_work.survey_project(
            project_id=project.pk, actor=world.secretary, now=world.now, asked=asked, satisfied=satisfied
        )
    assert field_of(refused) == [field]


def test_who_proposed_it_asks_nobody_whether_they_are_satisfied(world: World) -> None:
    project = a_project(world, "settled")
    with pytest.raises(PermissionDenied):
        project_work.survey_project(project_id=project.pk, actor=world.member, now=world.now, asked=1, satisfied=1)
