"""The licence gives everybody who uses the program its source."""

import io
import tarfile

import pytest
from django.test import Client


@pytest.mark.django_db
def test_everybody_gets_the_source_that_runs_and_no_secret_with_it(client: Client) -> None:
    page = client.get("/accounts/login/").content.decode()
    assert 'href="/source/"' in page
    answer = client.get("/source/")
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        names = archive.getnames()
        assert {item.uname for item in archive.getmembers()} == {""}
    assert {"zhuoluo/manage.py", "zhuoluo/LICENSE", "zhuoluo/workflows/lifecycle.py"} <= set(names)
    assert not [n for n in names if n.endswith((".env", ".sqlite3", ".pyc")) or "/var/" in n]
