"""Seals: a history that was computed anew by somebody with the database is found by the paper, and by nothing else."""

import gzip
import hashlib
import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from cases import seals
from cases.events import event_hash, verify_all
from cases.models import Case, CaseEvent, Seal
from cases.seals import Head, Tree
from tests.councils import make_body
from tests.factories import World
from workflows.commands import handling

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def ran(*options: str) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of the command."""
    out, code = StringIO(), 0
    try:
        call_command("verify_history", "--json", *options, stdout=out)
    except SystemExit as stop:
        code = int(stop.code or 0)
    return code, json.loads(out.getvalue())


def sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def forge(case: Case, seq: int, **data: Any) -> None:
    """Change an event and compute every hash after it anew, the head of the case included."""
    previous = ""
    for event in CaseEvent.objects.filter(case=case).order_by("seq"):
        said = event.data | data if event.seq == seq else event.data
        digest = event_hash(
            number=case.number, seq=event.seq, type_=event.type, at=event.at, actor_id=event.actor_id,
            state=event.state, data=said, previous=previous,
        )  # fmt: skip
        sql(
            "UPDATE cases_caseevent SET data = %s, previous_hash = %s, hash = %s WHERE id = %s",
            json.dumps(said), previous, digest, event.pk,
        )  # fmt: skip
        previous = digest
    sql("UPDATE cases_case SET last_hash = %s WHERE id = %s", previous, case.pk)


def reference_root(leaves: list[str]) -> bytes:
    """The definition of RFC 6962, word for word."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0].encode()).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + reference_root(leaves[:k]) + reference_root(leaves[k:])).digest()


@pytest.mark.parametrize("n", [*range(1, 18), 100])
def test_the_tree_is_that_of_the_standard(n: int) -> None:
    tree, leaves = Tree(), [f"leaf {i}" for i in range(n)]
    for leaf in leaves:
        tree.add(leaf)
    assert tree.root() == reference_root(leaves).hex()
    assert Tree().root() == hashlib.sha256().hexdigest()


def test_a_seal_is_made_of_all_heads_and_kept_with_its_list(world: World) -> None:
    case = world.case("in_progress")
    make_body(world)
    code, said = ran("--seal")
    assert code == 0
    seal = Seal.objects.get()
    assert (said["seal"]["digest"], said["seal"]["number"]) == (seal.digest, seal.pk)
    assert (seal.cases, seal.councils) == (1, 1)
    assert seal.events == CaseEvent.objects.count()
    case = Case.objects.get(pk=case.pk)  # type: ignore[assignment]
    with seal.heads.open("rb") as file:
        lines = gzip.decompress(file.read()).decode().splitlines()
    assert lines[0] == f"case\t{case.pk}\t{case.number}\t{case.version}\t{case.last_hash}"
    assert seals.digest_of(seals.sealed_heads(seal)) == seal.digest
    assert reference_root(lines).hex() == seal.digest


def test_what_came_later_does_not_break_a_seal(world: World) -> None:
    case = world.case("dispatched")
    _, said = ran("--seal")
    handling.sign_case(case_id=case.pk, actor=world.member, now=world.now + timedelta(hours=1), handler=world.member)
    world.case("closed")
    code, after = ran("--against", said["seal"]["digest"])
    assert (code, after["broken"]) == (0, [])
    assert after["appended"]["cases"] == 1
    assert after["appended"]["events"] == CaseEvent.objects.count() - said["seal"]["events"]


def test_a_history_with_all_hashes_computed_anew_is_found_by_the_seal_alone(world: World) -> None:
    touched, other = world.case("submitted"), world.case("closed")
    _, said = ran("--seal")
    forge(touched, 2, category="999")
    assert verify_all().broken == []  # nothing inside the database is wrong
    assert ran() == (0, {"cases": 2, "events": CaseEvent.objects.count(), "broken": []})
    code, found = ran("--against", str(said["seal"]["number"]))
    assert code == 1
    assert [(b["number"], b["reason"]) for b in found["broken"]] == [(touched.number, "it is not as it was sealed")]
    assert other.number not in json.dumps(found)


def test_a_council_computed_anew_and_a_case_that_is_gone_are_found(world: World) -> None:
    gone, council = world.case("reported"), make_body(world).council
    world.case("deliberating")
    _, said = ran("--seal")
    event = CaseEvent.objects.filter(council=council).order_by("seq")[0]
    digest = event_hash(
        number=council.code, seq=1, type_=event.type, at=event.at, actor_id=event.actor_id, state="",
        data=event.data | {"matter": "other"}, previous="",
    )  # fmt: skip
    changed = json.dumps(event.data | {"matter": "other"})
    sql("UPDATE cases_caseevent SET data = %s, hash = %s WHERE id = %s", changed, digest, event.pk)
    sql("UPDATE cases_council SET last_hash = %s WHERE id = %s", digest, council.pk)
    sql("DELETE FROM workflows_clockinterval")
    sql("DELETE FROM workflows_clock")
    sql("DELETE FROM cases_caseevent WHERE case_id = %s", gone.pk)
    sql("DELETE FROM cases_case WHERE id = %s", gone.pk)
    code, found = ran("--against", said["seal"]["digest"][:16])
    assert code == 1
    assert {(b["number"], b["reason"]) for b in found["broken"]} == {
        (gone.number, "it was sealed and is not there any more"),
        (council.code, "it is not as it was sealed"),
    }


def test_a_list_that_was_changed_too_does_not_follow_from_its_digest(world: World, tmp_path: Path) -> None:
    case = world.case("submitted")
    _, said = ran("--seal")
    seal, kept = Seal.objects.get(), tmp_path / "kept.tsv.gz"
    with seal.heads.open("rb") as file:
        kept.write_bytes(file.read())
    forge(case, 2, category="999")
    now = Case.objects.get(pk=case.pk)
    path = Path(seal.heads.path)
    path.write_bytes(gzip.compress(f"case\t{case.pk}\t{case.number}\t{now.version}\t{now.last_hash}\n".encode()))
    code, found = ran("--against", said["seal"]["digest"])
    assert (code, found["against"]["genuine"]) == (1, False)
    # the list that was kept elsewhere tells what was changed, and its digest is the one on the paper
    code, found = ran("--against", str(kept))
    assert (code, found["against"]["digest"]) == (1, said["seal"]["digest"])
    assert found["broken"][0]["number"] == case.number
    path.unlink()
    assert ran("--against", said["seal"]["digest"])[0] == 1


def test_a_digest_on_paper_that_is_not_kept_is_an_error_and_no_result(world: World, tmp_path: Path) -> None:
    world.case("reported")
    for words in ("f" * 64, "99", "abc", str(tmp_path)):
        with pytest.raises(CommandError) as refused:
            ran("--against", words)
        assert refused.value.returncode == 2
    (tmp_path / "no.gz").write_bytes(b"something else")
    with pytest.raises(CommandError, match="不是封存清单"):
        ran("--against", str(tmp_path / "no.gz"))


def test_a_broken_history_is_not_sealed(world: World) -> None:
    case = world.case("in_progress")
    sql("UPDATE cases_caseevent SET data = %s WHERE case_id = %s AND seq = 2", "{}", case.pk)
    code, said = ran("--seal")
    assert (code, "seal" in said, Seal.objects.count()) == (1, False, 0)


def test_a_seal_is_found_by_its_number_and_by_what_stands_on_paper(world: World) -> None:
    world.case("reported")
    ran("--seal")
    seal = Seal.objects.get()
    grouped = " ".join(seal.digest[n : n + 8] for n in range(0, 64, 8)).upper()
    for words in (str(seal.pk), seal.digest, grouped, seal.digest[:12]):
        assert seals.find_seal(words) == seal
    assert seals.find_seal(seal.digest[:11]) is None
    assert seals.find_seal("٣") is None
    assert Head("case", 1, "2026-000001", 2, "ab").line() == "case\t1\t2026-000001\t2\tab"
