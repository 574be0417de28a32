"""What people wish of a channel: on or off, which pace, which hours are quiet, which language."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time

from django.conf import settings

from notifications.models import Pace, Preference, QuietKind, Rhythm

Hours = tuple[time, time]


@dataclass(frozen=True)
class Wish:
    """What holds for one person and one channel."""

    on: bool = True
    pace: str = Pace.CALM
    digest: bool = True
    quiet: Hours | None = None
    language: str = ""


class Wishes:
    """The wishes of some people; two queries, however many they are."""

    def __init__(self, users: Iterable[int]) -> None:
        keys = set(users)
        chosen = Preference.objects.filter(user__in=keys) if keys else ()
        self._chosen = {(row.user_id, row.channel): row for row in chosen}
        self._rhythms = {row.user_id: row for row in Rhythm.objects.filter(user__in=keys)} if keys else {}

    def of(self, user_id: int | None, channel: str) -> Wish:
        """The wish of a person, or of a resident (no key): what was chosen, else what the installation does."""
        if user_id is None:
            return Wish(quiet=settings.QUIET_HOURS)
        chosen = self._chosen.get((user_id, channel)) or Preference(channel=channel)
        rhythm = self._rhythms.get(user_id) or Rhythm()
        return Wish(chosen.on, chosen.pace, rhythm.digest, quiet_hours(rhythm), chosen.language)


def quiet_hours(rhythm: Rhythm) -> Hours | None:
    """The hours in which nothing but what is critical leaves for this person."""
    if rhythm.quiet == QuietKind.OWN and rhythm.quiet_from and rhythm.quiet_to:
        return rhythm.quiet_from, rhythm.quiet_to
    return None if rhythm.quiet == QuietKind.NONE else settings.QUIET_HOURS


def wish_of(user_id: int | None, channel: str) -> Wish:
    """The wish of one person."""
    return Wishes(() if user_id is None else (user_id,)).of(user_id, channel)
