"""Seals: one digest over the heads of all histories, and what is left of it today.

A chain of hashes finds whatever was changed without computing it anew. Somebody with the whole database could compute
it anew; then only a digest that lies outside, on paper, still says what the database said. The digest is the root of a
Merkle tree as in RFC 6962 (SHA-256; a leaf is hashed after the byte 0, two nodes after the byte 1). A leaf is one line:
kind, key, number, number of events and hash of the newest event, with tabs between them; cases first, then councils,
each by key. See docs/adr/0026.
"""

import gzip
import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import IO, NamedTuple

from django.core.files import File

from cases.models import Case, Council, Seal, User

ALGORITHM = "zhuoluo-seal-1 (SHA-256, RFC 6962)"
SHORTEST = 12  # of a digest that is typed: more than enough to find it, and readable on paper
CASE, COUNCIL = "case", "council"
CHUNK = 2000


class Head(NamedTuple):
    """Where one history stood."""

    kind: str
    pk: int
    number: str
    version: int
    hash: str

    def line(self) -> str:
        """As it is hashed and kept."""
        return "\t".join((self.kind, str(self.pk), self.number, str(self.version), self.hash))


class Tree:
    """The root of a Merkle tree, leaf by leaf; it keeps one hash for each level."""

    def __init__(self) -> None:
        self.peaks: list[tuple[int, bytes]] = []  # (leaves below, hash), the largest first

    def add(self, words: str) -> None:
        """One more leaf."""
        size, node = 1, hashlib.sha256(b"\0" + words.encode()).digest()
        while self.peaks and self.peaks[-1][0] == size:
            node = _joined(self.peaks.pop()[1], node)
            size *= 2
        self.peaks.append((size, node))

    def root(self) -> str:
        """In hex; of no leaves, the hash of nothing."""
        if not self.peaks:
            return hashlib.sha256().hexdigest()
        node = self.peaks[-1][1]
        for _size, left in reversed(self.peaks[:-1]):
            node = _joined(left, node)
        return node.hex()


def _joined(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def read_heads() -> Iterator[Head]:
    """The heads of every history now; memory stays flat."""
    for pk, number, version, last in (
        Case.objects.order_by("pk").values_list("pk", "number", "version", "last_hash").iterator(CHUNK)
    ):
        yield Head(CASE, pk, number, version, last)
    for pk, code, version, last in (
        Council.objects.order_by("pk").values_list("pk", "code", "version", "last_hash").iterator(CHUNK)
    ):
        yield Head(COUNCIL, pk, code, version, last)


def make_seal(*, actor: User | None, now: datetime) -> Seal:
    """Seal where every history stands now. The caller has verified them: a seal on a broken one would honour it."""
    tree, counts, events = Tree(), {CASE: 0, COUNCIL: 0}, 0
    with tempfile.TemporaryFile() as file:
        with gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0) as packed:
            for head in read_heads():
                tree.add(head.line())
                counts[head.kind] += 1
                events += head.version
                packed.write(f"{head.line()}\n".encode())
        file.seek(0)
        seal = Seal(made_at=now, made_by=actor, algorithm=ALGORITHM, digest=tree.root(), events=events)
        seal.cases, seal.councils = counts[CASE], counts[COUNCIL]
        seal.heads.save(f"{seal.digest}.tsv.gz", File(file), save=False)
    seal.save(force_insert=True)
    return seal


def find_seal(words: str) -> Seal | None:
    """By its number, or by its digest as it stands on paper: whole or its beginning, with or without blanks."""
    text = "".join(words.split()).lower()
    if text.isascii() and text.isdecimal() and len(text) < SHORTEST:
        return Seal.objects.filter(pk=int(text)).first()
    if len(text) < SHORTEST:
        return None
    return Seal.objects.filter(digest__startswith=text).first()


def sealed_heads(seal: Seal) -> Iterator[Head]:
    """The kept list, line by line."""
    with seal.heads.open("rb") as file:
        yield from read_lines(file)


def read_lines(file: IO[bytes]) -> Iterator[Head]:
    """The heads in a packed list."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            kind, pk, number, version, last = line.rstrip("\n").split("\t")
            yield Head(kind, int(pk), number, int(version), last)


def digest_of(heads: Iterable[Head]) -> str:
    """What the digest of a list is."""
    tree = Tree()
    for head in heads:
        tree.add(head.line())
    return tree.root()


def is_genuine(seal: Seal) -> bool:
    """Whether the kept list is the one that was sealed; False, too, when it is gone or cut off."""
    try:
        return digest_of(sealed_heads(seal)) == seal.digest
    except (OSError, EOFError, ValueError):
        return False
