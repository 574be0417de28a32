"""The records of a case: one noun a file."""

from cases.models.attachment import Attachment
from cases.models.case import Case
from cases.models.category import Category
from cases.models.council import Council, Decision, FollowUp
from cases.models.event import CaseEvent
from cases.models.person import Answer, Reporter, ResidentLink
from cases.models.place import Area
from cases.models.survey import Survey
from cases.models.team import Posting, Team
from cases.models.user import RoleAssignment, User

__all__ = [
    "Answer",
    "Area",
    "Attachment",
    "Case",
    "CaseEvent",
    "Category",
    "Council",
    "Decision",
    "FollowUp",
    "Posting",
    "Reporter",
    "ResidentLink",
    "RoleAssignment",
    "Survey",
    "Team",
    "User",
]
