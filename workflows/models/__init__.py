"""Records of time and errands; the proxy of the case is among them, so that migrations always see it."""

from workflows import machines
from workflows.lifecycle import CaseLifecycle
from workflows.models.approval import ApprovalProcess, Request
from workflows.models.calendar import Calendar, CalendarDay, CalendarRevision, CalendarYear
from workflows.models.clock import Clock, ClockInterval
from workflows.models.desk import DeskAct, DeskActKind, DeskActRow, Outcome
from workflows.models.joint import JointHandling, JointProcess, Part
from workflows.models.kept import KeptFlow, KeptLife, KeptSum
from workflows.models.leave import Leave, LeaveNews
from workflows.models.ledger import ImportedCase, ImportState, LedgerImport
from workflows.models.order import OrderSerial, SupervisionOrder
from workflows.models.signing import SigningProcess
from workflows.models.sla import PolicyVersion, SlaPolicy, Standard, TeamCalendar
from workflows.models.voiding import VoidingProcess

__all__ = [
    "ApprovalProcess",
    "Calendar",
    "CalendarDay",
    "CalendarRevision",
    "CalendarYear",
    "CaseLifecycle",
    "Clock",
    "ClockInterval",
    "DeskAct",
    "DeskActKind",
    "DeskActRow",
    "ImportState",
    "ImportedCase",
    "JointHandling",
    "JointProcess",
    "KeptFlow",
    "KeptLife",
    "KeptSum",
    "Leave",
    "LeaveNews",
    "LedgerImport",
    "OrderSerial",
    "Outcome",
    "Part",
    "PolicyVersion",
    "Request",
    "SigningProcess",
    "SlaPolicy",
    "Standard",
    "SupervisionOrder",
    "TeamCalendar",
    "VoidingProcess",
    "machines",
]
