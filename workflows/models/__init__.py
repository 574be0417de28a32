"""Records of time and errands: calendars, limits, clocks, requests, joint handling."""

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
    "Clock",
    "ClockInterval",
    "JointHandling",
    "JointProcess",
    "Part",
    "PolicyVersion",
    "Request",
    "SlaPolicy",
]
