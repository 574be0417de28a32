"""Records of time and errands; the proxy of the case is among them, so that migrations always see it."""

from workflows.lifecycle import CaseLifecycle
from workflows.models.approval import ApprovalProcess, Request
from workflows.models.calendar import Calendar, CalendarDay, CalendarYear
from workflows.models.clock import Clock, ClockInterval
from workflows.models.joint import JointHandling, JointProcess, Part
from workflows.models.sla import PolicyVersion, SlaPolicy

__all__ = [
    "ApprovalProcess",
    "Calendar",
    "CalendarDay",
    "CalendarYear",
    "CaseLifecycle",
    "Clock",
    "ClockInterval",
    "JointHandling",
    "JointProcess",
    "Part",
    "PolicyVersion",
    "Request",
    "SlaPolicy",
]
