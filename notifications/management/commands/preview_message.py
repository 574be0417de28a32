"""`manage.py preview_message`: what a message would say, of a made-up event."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from notifications.standing_words import STANDING
from notifications.texts import current_texts, preview
from notifications.wordings import places

LANGUAGES = {"zh": "zh-hans", "en": "en"}


class Command(BaseCommand):
    help = "Print what the message of an event says, for a made-up sample: subject, an empty line, text."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("event_type", metavar="EVENT_TYPE", help="such as case.dispatched, or digest, bundle, …")
        parser.add_argument("--lang", choices=LANGUAGES, default="zh")
        parser.add_argument("--resident", action="store_true", help="what the resident is told")
        parser.add_argument("--builtin", action="store_true", help="the words of the program, whatever is in use")

    def handle(self, *_: Any, event_type: str, lang: str, resident: bool, builtin: bool, **__: Any) -> None:
        """One message."""
        known = set(places())
        resident = STANDING[event_type].resident if event_type in STANDING else resident
        if (event_type, resident) not in known:
            whom = "residents" if resident else "colleagues"
            told = ", ".join(sorted(name for name, to_resident in known if to_resident == resident))
            raise CommandError(f"{event_type} tells {whom} nothing. These do: {told}")
        language, texts = LANGUAGES[lang], {} if builtin else current_texts()
        text = texts.get((event_type, resident, language))
        message = preview(event_type, resident=resident, language=language, text=text, texts=texts)
        self.stdout.write(f"{message.subject}\n\n{message.text}")
