"""The column of a state that only moves change."""

from typing import Any

from django_fsm import FSMField


class StateField(FSMField):
    """django-fsm's field, in migrations a column of text like any other.

    There it would be copied with each model of each step, and every copy listens to every class made later: two
    thirds of the time of all migrations.
    """

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """As the `CharField` that it is in the database."""
        name, _path, args, kwargs = super().deconstruct()
        kwargs.pop("protected", None)
        return name, "django.db.models.CharField", args, kwargs
