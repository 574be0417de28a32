#!/usr/bin/env python3
"""Management commands; a wrong setting is answered by one sentence."""

import os
import sys

from django.core.management import execute_from_command_line

from config.env import SettingsError


def main() -> None:
    """Run the command that the arguments name."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(sys.argv)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
