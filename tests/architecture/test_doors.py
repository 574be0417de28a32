"""The book of doors misses nobody: what is private shows only where a row was written, and who writes it is known."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path, reverse
from pytest_django.plugin import DjangoDbBlocker

from cases.access import record_access
from cases.audit_terms import AccessKind
from cases.lib.crypto import EncryptedTextField
from cases.lib.spreadsheet import read_rows
from cases.models import AreaHead, Enrolment, Lecturer, PersonAccess, Reporter, Seat, User
from cases.terms import Role
from cases.views.sheets import TYPES
from config.urls import urlpatterns as ours
from tests.architecture.test_lists import QUERIES, SHUT
from tests.factories import NOW
from tests.furnished import Keys, furnished
from tests.touring import ZH, addresses, body, page_of, url_of

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]
District = tuple[User, Keys]


@pytest.fixture(scope="module")
def district(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[District]:
    with django_db_blocker.unblock(), furnished(tmp_path_factory.mktemp("media")) as (_world, viewer, keys):
        yield viewer, keys


@pytest.fixture
def client(district: District) -> Client:
    client = Client()
    client.force_login(district[0])
    return client


def encrypted() -> dict[type[Model], list[str]]:
    """The models that keep something encrypted, with the fields."""
    found = {
        model: [field.name for field in model._meta.concrete_fields if isinstance(field, EncryptedTextField)]
        for model in apps.get_models()
    }
    return {model: names for model, names in found.items() if names}


def private() -> dict[str, str]:
    """Everything that is kept encrypted here, and where it is kept."""
    return {
        value: f"{model.__name__}.{name}"
        for model, names in encrypted().items()
        for name in names
        for value in model._default_manager.values_list(name, flat=True)
        if value
    }


def names() -> set[str]:
    """Everybody's name, whether it is private or not; one is called by the word of a role."""
    people: set[str] = {*User.objects.values_list("name", flat=True), *Seat.objects.values_list("name", flat=True)}
    for model in (AreaHead, Enrolment, Lecturer):
        people |= set(model._default_manager.values_list("name", flat=True))
    return people - {"", *(str(role.label) for role in Role)}


def read(client: Client, url: str) -> tuple[str, str, bool]:
    """What an address answers, as text; its type, and whether the book of doors has one row more now."""
    before = PersonAccess.objects.count()
    answer = client.get(url, headers=ZH)
    kind, content = answer.get("Content-Type", ""), body(answer)
    text = _cells(content) if kind == TYPES["xlsx"] else content.decode(errors="ignore")
    return text, kind, PersonAccess.objects.count() > before


def _cells(content: bytes) -> str:
    with NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(content)
        file.flush()
        return " ".join(str(cell) for row in read_rows(Path(file.name)) for cell in row.values.values())


def everything(client: Client, keys: Keys) -> Iterator[tuple[Client, str]]:
    """Every address, and the registers of the administrators with a row of each; residents come without a login."""
    for one in addresses():
        if one.name not in SHUT and not one.name.endswith("_pdf"):
            visitor = Client() if one.name.startswith(("public:", "notices:")) else client
            yield visitor, url_of(one, keys, QUERIES)
    for model in admin.site._registry:
        place = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield client, reverse(f"{place}_changelist")
        if (row := model._default_manager.first()) is not None:
            yield client, reverse(f"{place}_change", args=[row.pk])
            yield client, reverse(f"{place}_history", args=[row.pk])


@dataclass(frozen=True)
class Answer:
    """What an address said, whether it is a file of a list, and whether the book of doors has a row of it."""

    url: str
    text: str
    is_list: bool
    is_kept: bool


def answers(urls: Iterable[tuple[Client, str]]) -> Iterator[Answer]:
    """What these addresses answer, and the lists that their pages offer as files."""
    for visitor, url in urls:
        text, kind, is_kept = read(visitor, url)
        yield Answer(url, text, is_list=False, is_kept=is_kept)
        files = page_of(text, url).files if text and kind.startswith("text/html") else []
        for file in dict.fromkeys(files):
            for address in (file, file.replace("csv", "xlsx")):
                said, _kind, was_kept = read(visitor, address)
                yield Answer(address, said, is_list=True, is_kept=was_kept)


@pytest.fixture(scope="module")
def told(district: District) -> list[Answer]:
    """Everything that is to be seen here, each once."""
    viewer, keys = district
    client = Client()
    client.force_login(viewer)
    return list(answers(everything(client, keys)))


def shown_without_a_row(said: Iterable[Answer]) -> dict[str, list[str]]:
    """What is private and shown although the book of doors has no row of it; by address, where it is kept."""
    kept = private()
    found = {one.url: sorted({kept[value] for value in kept if value in one.text}) for one in said if not one.is_kept}
    return {url: places for url, places in found.items() if places}


def test_nothing_private_is_shown_or_taken_out_without_a_row(told: list[Answer]) -> None:
    assert {place.split(".")[0] for place in private().values()} == {model.__name__ for model in encrypted()}
    assert shown_without_a_row(told) == {}
    kept = private()
    assert any(value in one.text for one in told if one.is_kept for value in kept)
    passed = {"exported", "register", "household", "ballots", "scan", "entered", "changed", "slip"}
    assert passed <= set(PersonAccess.objects.values_list("kind", flat=True))


def test_what_leaves_without_a_row_names_nobody(told: list[Answer]) -> None:
    people = names()
    lists = [one for one in told if one.is_list]
    assert any(one.is_kept for one in lists)
    free = {one.url: sorted(name for name in people if name in one.text) for one in lists if not one.is_kept}
    assert len(free) > 20
    assert {url: named for url, named in free.items() if named} == {}


def shown(_request: HttpRequest) -> HttpResponse:
    """A page that tells a name."""
    return HttpResponse(f"<main>{Reporter.objects.first().name}</main>")  # type: ignore[union-attr]


def kept(request: HttpRequest) -> HttpResponse:
    """A page that tells a name and writes that down."""
    record_access(AccessKind.REPORTER, by=None, at=NOW)
    return shown(request)


urlpatterns = [*ours, path("control/shown/", shown, name="shown"), path("control/kept/", kept, name="kept")]


def test_a_page_that_tells_a_name_without_a_row_is_found(district: District, client: Client, settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    urls = ((client, url) for url in ("/control/shown/", "/control/kept/"))
    assert shown_without_a_row(answers(urls)) == {"/control/shown/": ["Reporter.name"]}


# -- who writes it

ITS_OWN = "one at a time, and the row keeps who wrote it"
NOBODYS = "of a robot or a system: nobody's"
# Each function that writes such a model, and the one whose transaction writes the row; or why there is none.
WRITERS = {
    "cases.households:save_household": "cases.households:save_household",
    "cases.households:enter_households": "cases.households:enter_households",
    "cases.households:record_visit": ITS_OWN,
    "cases.commands:register_person": "the history of the case says who reported it",
    "cases.commands:choose_messages": "by the resident, of messages only",
    "workflows.commands.adopting:_reporters": "workflows.imports:take",
    "workflows.council.register:_owners": "workflows.council.register:import_register",
    "workflows.council.ballots:_keep": "a vote in the room: nobody hands it in",
    "workflows.council.owners_votes:record_ballot": ITS_OWN,
    "workflows.council.objections:raise_objection": ITS_OWN,
    "workflows.council.project_work:record_acceptance": ITS_OWN,
    "notifications.delivery:_failed": NOBODYS,
    "notifications.views.channels:add": NOBODYS,
}
WRITES = {"create", "bulk_create", "bulk_update", "update", "get_or_create", "update_or_create"}
ELSEWHERE = {"migrations", "models", "demo", "benchmark"}


def functions() -> Iterator[tuple[str, ast.FunctionDef, set[str]]]:
    """Every function of ours by module and name, with what its module imports from the models."""
    for tree in ("cases", "workflows", "notifications", "config"):
        for file in sorted((ROOT / tree).rglob("*.py")):
            if ELSEWHERE & set(file.relative_to(ROOT).parts):
                continue
            module = ast.parse(file.read_text())
            known = {
                alias.asname or alias.name
                for node in ast.walk(module) if isinstance(node, ast.ImportFrom) and ".models" in (node.module or "")
                for alias in node.names
            }  # fmt: skip
            name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
            for node in ast.walk(module):
                if isinstance(node, ast.FunctionDef):
                    yield f"{name}:{node.name}", node, known


def root_of(node: ast.expr) -> str:
    """The name that a chain of attributes and calls begins with."""
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return node.id if isinstance(node, ast.Name) else ""


def writes(function: ast.FunctionDef, models: set[str]) -> bool:
    """Whether it makes or changes rows of one of these models."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            makes = isinstance(node.func, ast.Name) and node.func.id in models
            changes = isinstance(node.func, ast.Attribute) and node.func.attr in WRITES
            if makes or (changes and root_of(node.func) in models):
                return True
    return False


def test_every_function_that_writes_what_is_private_is_known_with_its_row() -> None:
    models = {model.__name__ for model in encrypted()}
    found, records = set(), set()
    for name, function, known in functions():
        if writes(function, models & known):
            found.add(name)
        if any(isinstance(node, ast.Call) and root_of(node.func) == "record_access" for node in ast.walk(function)):
            records.add(name)
    assert found == set(WRITERS)
    assert {row for row in WRITERS.values() if re.fullmatch(r"[\w.]+:\w+", row)} <= records


def test_a_new_writer_would_be_found() -> None:
    made = ast.parse("def new():\n    Household.objects.filter(pk=1).update(head_name='x')\n").body[0]
    read_only = ast.parse("def old():\n    return Household.objects.filter(pk=1).count()\n").body[0]
    assert isinstance(made, ast.FunctionDef)
    assert isinstance(read_only, ast.FunctionDef)
    assert (writes(made, {"Household"}), writes(read_only, {"Household"})) == (True, False)


def test_lists_are_written_as_files_in_two_places_only() -> None:
    """By `download`, which keeps who took them out, and by the command line, which does so itself."""
    callers = {
        name for name, function, _known in functions()
        if any(
            isinstance(node, ast.Call) and root_of(node.func) in ("csv_lines", "write_xlsx")
            for node in ast.walk(function)
        )
    }  # fmt: skip
    assert callers == {"cases.views.sheets:download", "workflows.management.commands.export_ledger:handle"}
