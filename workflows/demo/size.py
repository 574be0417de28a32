"""How large the demonstration is: the figures of the original report, and what they are at a smaller scale."""

from dataclasses import dataclass

from workflows.demo.estates import ESTATES, FIRST

SUGGESTIONS, SOLVED = 577, 564
MEETINGS, MATTERS = 370, 950
PARTICIPANTS = 463  # in four courses
TEAMS = len(ESTATES)  # of three officials each, one team in each estate
REFERRED, BESIDE = 230, 60  # suggestions that go through a council; cases of the year outside the campaign
COMING = 6  # meetings of the next days, beside that at home
LEAST_MEETINGS = 8


@dataclass(frozen=True)
class Size:
    """What is built: each figure rounded to the nearest, but never less than every story needs to be told.

    Courses, lecturers and teaching sites are as many at any scale.
    """

    estates: int
    suggestions: int
    solved: int
    referred: int
    meetings: int
    matters: int
    beside: int
    participants: int
    coming: int
    recent: float  # of the cases of the last weeks

    @property
    def open(self) -> int:
        """Suggestions that are not solved yet: those that are held, promised, or under way."""
        return self.suggestions - self.solved


def scaled(scale: float) -> Size:
    """The sizes at a scale; 1.0 gives the figures of the report. Raises ValueError outside (0, 1]."""
    if not 0 < scale <= 1:
        raise ValueError(scale)
    suggestions = round(SUGGESTIONS * scale)
    meetings = max(round(MEETINGS * scale), LEAST_MEETINGS)
    return Size(
        estates=max(round(TEAMS * scale), len(FIRST)),
        suggestions=suggestions,
        solved=round(SOLVED * scale),
        referred=round(REFERRED * scale),
        meetings=meetings,
        matters=max(round(MATTERS * scale), round(MATTERS * LEAST_MEETINGS / MEETINGS)),
        beside=round(BESIDE * scale),
        participants=round(PARTICIPANTS * scale),
        coming=max(round(COMING * scale), 1),
        recent=scale,
    )
