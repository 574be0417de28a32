"""How most tests of pages read and send: as somebody who is logged in, in Chinese."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from cases.models import User

ZH = {"accept-language": "zh-hans"}


@pytest.fixture
def read(client: Client) -> Callable[..., str]:
    def page(viewer: User, path: str, status: int = 200) -> str:
        client.force_login(viewer)
        answer = client.get(path, headers=ZH)
        assert answer.status_code == status
        return answer.content.decode()

    return page


@pytest.fixture
def post(client: Client) -> Callable[..., Any]:
    def send(viewer: User, path: str, **data: Any) -> Any:
        client.force_login(viewer)
        return client.post(path, data, headers=ZH)

    return send
