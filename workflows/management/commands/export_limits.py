"""`manage.py export_limits FILE.xlsx`: a version of limits as the table that the office keeps."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from workflows.limit_export import write_table
from workflows.models import PolicyVersion


class Command(BaseCommand):
    help = "Write a version of limits as .xlsx; import_limits reads it again and changes nothing."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Here --version is a version of limits; Django's own says which Django this is."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--version", type=int, help="number of the version; the newest one if not given")

    def handle(self, *_args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if path.suffix.lower() != ".xlsx":
            raise CommandError(f"{path} must end in .xlsx.", returncode=2)
        found = PolicyVersion.objects.order_by("-number")
        version = (found.filter(number=options["version"]) if options["version"] else found).first()
        if version is None:
            raise CommandError("There is no such version of limits.", returncode=2)
        try:
            with path.open("wb") as file:
                write_table(version, file)
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.", returncode=2) from error
        self.stdout.write(_("已把 %(version)s 写入 %(file)s。") % {"version": version, "file": path})
