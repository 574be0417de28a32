"""Bring the English catalogue in step with the words that are shown, and compile it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.words import CATALOGUE, messages


class Command(BaseCommand):
    """`words` adds new messages and drops unused ones; `words --check` only says what is missing or stale."""

    help = "Bring the English catalogue in step with the words that are shown, and compile it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when something is missing")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            import polib  # noqa: PLC0415  # a tool of development, not needed to run
        except ImportError as error:
            raise CommandError("polib is missing: install requirements-dev.txt.") from error
        found = messages()
        catalogue = polib.pofile(str(CATALOGUE)) if CATALOGUE.exists() else polib.POFile(wrapwidth=120)
        known = {(entry.msgid, entry.msgid_plural or None): entry for entry in catalogue}
        missing = [m for m in found if m not in known or not known[m].translated()]
        unused = [m for m in known if m not in found]
        if options["check"]:
            for words, _plural in missing:
                self.stdout.write(f"not translated: {words!r} ({', '.join(found[words, _plural])})")
            for words, _plural in unused:
                self.stdout.write(f"not used: {words!r}")
            if missing or unused:
                raise CommandError("The English catalogue is out of step: run `manage.py words` and translate.")
            return
        catalogue.clear()
        catalogue.metadata = {
            "Content-Type": "text/plain; charset=UTF-8",
            "Language": "en",
            "Plural-Forms": "nplurals=2; plural=(n != 1);",
        }
        for message in sorted(found, key=lambda m: (m[0], m[1] or "")):
            entry = known.get(message) or _new(polib, message)
            entry.occurrences = [(place, "") for place in found[message]]
            entry.flags = ["python-format"] if "%(" in message[0] else []
            catalogue.append(entry)
        CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
        catalogue.save(str(CATALOGUE))
        catalogue.save_as_mofile(str(CATALOGUE.with_suffix(".mo")))
        self.stdout.write(f"{len(found)} messages, {len(missing)} not translated, {len(unused)} dropped.")


def _new(polib: Any, message: tuple[str, str | None]) -> Any:
    words, plural = message
    if plural is None:
        return polib.POEntry(msgid=words)
    return polib.POEntry(msgid=words, msgid_plural=plural, msgstr_plural={0: "", 1: ""})
