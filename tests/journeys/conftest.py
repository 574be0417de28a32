"""A real browser on a live server; every page is watched for script errors and breaches of the content policy."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from cases.models import User
from tests.factories import World, make_world
from workflows.models import CalendarYear

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


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite in a file: in memory all threads of the server share one connection, and with it its transactions."""
    settings = connections["default"].settings_dict
    if settings["ENGINE"].endswith("sqlite3"):
        settings["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "journeys.sqlite3")


@pytest.fixture
def world(transactional_db: None) -> World:
    """The district of today, in a database that the server's threads see; everybody can log in."""
    made = replace(make_world(), now=timezone.now())
    for year in range(made.now.year - 1, made.now.year + 2):
        CalendarYear.objects.get_or_create(calendar=made.calendar, year=year)
    for person in User.objects.all():
        person.set_password(PASSWORD)
        person.save(update_fields=["password"])
    return made


class Faults(list[str]):
    """What went wrong in any page: script errors, breaches of the content policy, failed requests of our own."""

    def __init__(self) -> None:
        super().__init__()
        self.foreseen: list[str] = []  # what a journey brings about on purpose: a refused form, a lost line


@pytest.fixture
def faults() -> Iterator[Faults]:
    found = Faults()
    yield found
    assert found == []


Open = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, live_server: Any, faults: Faults, settings: Any, tmp_path: Path) -> Iterator[Open]:
    """visit(user, phone=True, js=True) → a page in a context of its own, logged in through the form."""
    contexts: list[BrowserContext] = []
    settings.BASE_URL, settings.MEDIA_ROOT = live_server.url, tmp_path / "media"
    cache.clear()  # counts of earlier logins and reports from this address

    def opened(user: User | None = None, *, phone: bool = False, js: bool = True, lang: str = "zh-CN") -> Page:
        context = browser.new_context(
            viewport=PHONE if phone else DESK,  # type: ignore[arg-type]
            java_script_enabled=js,
            locale=lang,
            has_touch=phone,
            is_mobile=phone,
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
    if any(words in message.text for words in faults.foreseen):
        return
    if "Content Security Policy" in message.text or message.type == "error":
        faults.append(f"{page.url}: {message.text}")


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A JPEG as a camera makes it: with an orientation, and heavy enough to be made smaller before it is sent."""
    noise = Image.effect_noise((2400, 1800), 60)
    exif = Image.Exif()
    exif[0x0112] = 6  # held upright
    path = tmp_path_factory.mktemp("camera") / "IMG_0001.jpg"
    Image.merge("RGB", (noise, noise.rotate(180), noise)).save(path, quality=70, exif=exif)
    return path
