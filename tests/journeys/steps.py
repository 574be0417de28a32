"""What people do on the pages, as they do it: find the case, make a move, ask, decide."""

from pathlib import Path

from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from notifications.relay import relay


class Thumb:
    """One thumb on a phone, and how often it touched the glass."""

    def __init__(self, page: Page) -> None:
        self.page, self.taps = page, 0

    def tap(self, target: Locator | str) -> None:
        place = self.page.locator(target) if isinstance(target, str) else target
        place.tap()
        self.taps += 1

    def write(self, field: str, words: str) -> None:
        """Tap the field, then type; the keyboard is not counted."""
        self.tap(field)
        self.page.keyboard.insert_text(words)

    def photograph(self, file: Path) -> None:
        """The button of the page, then the shutter and the tick of the camera."""
        with self.page.expect_file_chooser() as camera:
            self.tap("label.photo-pick")
        camera.value.set_files(file)
        self.taps += 2
        expect(self.page.locator("[data-photo-area] img")).to_be_visible()


def find(page: Page, title: str) -> None:
    """From the home page to the case, by its title."""
    page.goto("/")
    page.get_by_role("link", name=title, exact=True).first.click()
    page.wait_for_url("**/cases/*/")


def form_of(page: Page, name: str) -> Locator:
    """The form of a move or request on the page of a case: open at once, or behind 更多操作."""
    form, link = page.locator(f"form[action$='/transitions/{name}/']"), page.locator(f"a.move[href$='/{name}/']")
    form.or_(link).first.wait_for(state="attached")
    if form.count():
        return form
    more = page.locator("details.more")
    if more.get_attribute("open") is None:
        more.locator("summary").click()
    link.click()
    page.wait_for_url(f"**/{name}/")
    return page.locator("main form.form").first


def fill(form: Locator, **values: str | Path) -> None:
    """Fill in a form: cards are clicked, photographs attached, all else typed or chosen."""
    for name, value in values.items():
        field = form.locator(f"[name={name}]")
        kind = field.first.get_attribute("type")
        if kind == "radio":
            form.locator(f"label:has([name={name}][value='{value}'])").click()
        elif kind == "file":
            field.set_input_files(str(value))
        elif field.evaluate("field => field.localName") == "select":
            field.select_option(str(value))
        else:
            field.fill(str(value))


def send(form: Locator, *, says: str) -> None:
    """Press the button; the next page says what was done, and the tick of the relay tells the others."""
    page = form.page
    form.locator(".form-actions button[type=submit]").click()
    expect(page.locator(".notice--success").filter(has_text=says)).to_be_visible()
    relay(now=timezone.now())


def make(page: Page, name: str, *, says: str, **values: str | Path) -> None:
    """A whole move on the page of a case."""
    form = form_of(page, name)
    fill(form, **values)
    send(form, says=says)


def decide(page: Page, kind: str, *, agree: bool = True, note: str = "") -> None:
    """Decide on the request of this kind that waits on the requests page."""
    page.goto("/requests/")
    asked = page.locator("article", has_text=kind).filter(has=page.locator("form"))
    asked.locator("[name=note]").fill(note)
    asked.locator(f"button[name=agree][value={'yes' if agree else 'no'}]").click()
    expect(page.locator(".notice--success")).to_contain_text("已同意" if agree else "已答复不同意")


def told(page: Page) -> list[str]:
    """The steps of the timeline, oldest first."""
    return page.locator(".timeline__head b").all_text_contents()[::-1]
