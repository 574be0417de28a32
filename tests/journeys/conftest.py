"""A real browser on a live server; every page is watched for script errors and breaches of the content policy."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from cases.models import User
from tests.factories import World, make_world

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # playwright keeps a loop in this thread
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--no-first-run"]  # fmt: skip
PASSWORD = "a-password-of-the-journey"
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in Path(item.path).parents:
            item.add_marker(pytest.mark.journey)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="needs chromium: apt install chromium fonts-noto-cjk"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield launched
        launched.close()


@pytest.fixture
def world(transactional_db: None) -> World:
    """The district, in a database that the server's threads see; everybody can log in."""
    made = make_world()
    for person in User.objects.all():
        person.set_password(PASSWORD)
        person.save(update_fields=["password"])
    return made


class Faults(list[str]):
    """What went wrong in any page: script errors, breaches of the content policy, failed requests of our own."""


@pytest.fixture
def faults() -> Iterator[Faults]:
    found = Faults()
    yield found
    assert found == []


Open = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, live_server: Any, faults: Faults) -> Iterator[Open]:
    """visit(user, phone=True, js=True) → a page in a context of its own, logged in through the form."""
    contexts: list[BrowserContext] = []

    def opened(user: User | None = None, *, phone: bool = False, js: bool = True, lang: str = "zh-CN") -> Page:
        context = browser.new_context(
            viewport=PHONE if phone else DESK,  # type: ignore[arg-type]
            java_script_enabled=js,
            locale=lang,
            has_touch=phone,
            base_url=live_server.url,
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
        page.on("console", lambda message: _note(faults, page, message))
        if user:
            page.goto("/accounts/login/")
            page.fill("input[name=username]", user.username)
            page.fill("input[name=password]", PASSWORD)
            page.click("main button[type=submit]")
            page.wait_for_url(live_server.url + "/")
        return page

    yield opened
    for context in contexts:
        context.close()


def _note(faults: Faults, page: Page, message: Any) -> None:
    if "Content Security Policy" in message.text or (message.type == "error" and "favicon" not in message.text):
        faults.append(f"{page.url}: {message.text}")
