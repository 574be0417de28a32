import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from cases.commands import attach_photos
from cases.models import Attachment, User
from cases.terms import PhotoKind
from tests.factories import World


@pytest.fixture
def photo(world: World, settings: Any, tmp_path: Path) -> Attachment:
    """A photograph of a reported case."""
    settings.MEDIA_ROOT = tmp_path
    made = io.BytesIO()
    Image.new("RGB", (40, 30), "green").save(made, "PNG")
    file = SimpleUploadedFile("lamp.png", made.getvalue())
    return attach_photos(
        case_id=world.report().pk, actor=world.grid_worker, now=world.now, kind=PhotoKind.REPORT, files=[file]
    )[0]


def url(photo: Attachment, number: str = "") -> str:
    return f"/cases/{number or photo.case.number}/photos/{photo.pk}/"


def test_who_may_see_the_case_sees_its_photo(world: World, client: Client, photo: Attachment) -> None:
    client.force_login(world.desk)
    answer = client.get(url(photo))
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert Image.open(io.BytesIO(content)).format == "JPEG"
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"].startswith("private")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == f'inline; filename="{photo.case.number}-{photo.pk}.jpg"'


@pytest.mark.parametrize("viewer", ["other_grid_worker", "contact", "admin"])
def test_to_everybody_else_there_is_no_such_photo(world: World, client: Client, photo: Attachment, viewer: str) -> None:
    viewer_user: User = getattr(world, viewer)
    client.force_login(viewer_user)
    assert client.get(url(photo)).status_code == 404


def test_who_is_not_logged_in_is_sent_to_the_login(client: Client, photo: Attachment) -> None:
    assert client.get(url(photo)).headers["location"].startswith("/accounts/login/")


def test_a_photo_is_not_found_under_another_case(world: World, client: Client, photo: Attachment) -> None:
    client.force_login(world.desk)
    assert client.get(url(photo, world.report().number)).status_code == 404


def test_a_photo_whose_file_is_gone_is_not_found(world: World, client: Client, photo: Attachment) -> None:
    Path(photo.file.path).unlink()
    client.force_login(world.desk)
    assert client.get(url(photo)).status_code == 404


def test_the_file_itself_has_no_address(world: World, client: Client, photo: Attachment) -> None:
    client.force_login(world.desk)
    assert client.get(f"/media/{photo.file.name}").status_code == 404
