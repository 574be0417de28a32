"""The records of a council: one noun or a few that belong together a file."""

from cases.models.council.body import Council, CouncilParty, MatterRule, RulePack, Seat
from cases.models.council.decision import Appeal, Decision, FollowUp, ProgressEntry
from cases.models.council.meeting import (
    AgendaItem,
    Attendance,
    DraftText,
    Mandate,
    Meeting,
    PresenceInterval,
    Statement,
)
from cases.models.council.minutes import Correction, Minutes, MinutesVersion, Signature
from cases.models.council.notice import Notice, Objection
from cases.models.council.poll import (
    Ballot,
    Certification,
    Elector,
    HandCount,
    Participation,
    Poll,
    Slip,
)
from cases.models.council.project import Acceptance, MicroProject, Milestone, ProjectPhoto, Quote
from cases.models.council.register import OwnedUnit, Owner
from cases.models.council.topic import Topic

__all__ = [
    "Acceptance",
    "AgendaItem",
    "Appeal",
    "Attendance",
    "Ballot",
    "Certification",
    "Correction",
    "Council",
    "CouncilParty",
    "Decision",
    "DraftText",
    "Elector",
    "FollowUp",
    "HandCount",
    "Mandate",
    "MatterRule",
    "Meeting",
    "MicroProject",
    "Milestone",
    "Minutes",
    "MinutesVersion",
    "Notice",
    "Objection",
    "OwnedUnit",
    "Owner",
    "Participation",
    "Poll",
    "PresenceInterval",
    "ProgressEntry",
    "ProjectPhoto",
    "Quote",
    "RulePack",
    "Seat",
    "Signature",
    "Slip",
    "Statement",
    "Topic",
]
