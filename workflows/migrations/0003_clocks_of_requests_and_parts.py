"""Calendars get their first published revision, limits their ladder, open requests and parts a clock of their own."""

from django.db import migrations
from django.db.models import F
from django.utils import timezone

DAY_LIMITS = {"request": 1, "part": 5, "order": 5}
WORKING = [["team_leader", 4, "working_hours"], ["supervisor", 1, "working_days"], ["leader", 3, "working_days"]]
HOURS = [["team_leader", 1, "hours"], ["supervisor", 4, "hours"], ["leader", 24, "hours"]]
OF_TEAMS = {"sign", "handle", "part", "promise", "order"}


def ladder(clock, unit):
    if clock == "survey":
        return []
    steps = HOURS if unit == "hours" else WORKING
    return [step for step in steps if step[0] != "team_leader" or clock in OF_TEAMS]


def publish(apps, schema_editor):
    Calendar, Revision = (apps.get_model("workflows", name) for name in ("Calendar", "CalendarRevision"))
    for calendar in Calendar.objects.all():
        days = calendar.days.values_list("date", "is_working", "name")
        Revision.objects.create(
            calendar=calendar,
            number=calendar.revision,
            published_at=timezone.now(),
            source="启用版次管理前的日历",
            zone=calendar.zone,
            periods=calendar.periods,
            weekdays=calendar.weekdays,
            days={day.isoformat(): [works, name] for day, works, name in days},
            final_years=sorted(calendar.years.filter(provisional=False).values_list("year", flat=True)),
        )
    Calendar.objects.update(settled=F("revision"))


def add_limits(apps, schema_editor):
    Version, Policy, Calendar = (
        apps.get_model("workflows", name) for name in ("PolicyVersion", "SlaPolicy", "Calendar")
    )
    for policy in Policy.objects.all():
        policy.ladder = ladder(policy.clock, policy.unit)
        policy.save(update_fields=["ladder"])
    calendar = Calendar.objects.order_by("pk").first()
    for version in Version.objects.all():
        for clock, amount in DAY_LIMITS.items():
            row = {"amount": amount, "unit": "working_days", "calendar": calendar, "ladder": ladder(clock, "working_days")}
            Policy.objects.get_or_create(version=version, clock=clock, category=None, priority="", defaults=row)


def start_clocks(apps, schema_editor):
    Clock, Request, Part = (apps.get_model("workflows", name) for name in ("Clock", "Request", "Part"))
    for clock in Clock.objects.select_related("policy__calendar"):
        clock.calendar = clock.policy.calendar
        clock.calendar_revision = clock.calendar.revision
        # What was overdue before ladders were there has been told of: its ladder counts as taken.
        clock.level = len(clock.policy.ladder) if clock.overdue_at else 0
        clock.save(update_fields=["calendar", "calendar_revision", "level"])
    for request in Request.objects.filter(state="asked"):
        start(apps, "request", request, request.case, request.asked_at)
    for part in Part.objects.filter(answered_at=None, joint__closed_at=None):
        start(apps, "part", part, part.joint.case, part.joint.opened_at)


def start(apps, kind, owed, case, at):
    Clock, Interval, Policy, Event = (
        apps.get_model(app, name)
        for app, name in (
            ("workflows", "Clock"), ("workflows", "ClockInterval"), ("workflows", "SlaPolicy"), ("cases", "CaseEvent")
        )
    )
    of_the_version = Policy.objects.filter(clock=kind, version__number=case.policy_version)
    policy = of_the_version.first() or Policy.objects.filter(clock=kind).order_by("-version__number").first()
    event = Event.objects.filter(case_id=case.pk, at__lte=at).order_by("-seq").first()
    generation = Clock.objects.filter(case_id=case.pk, kind=kind, round=case.round).count() + 1
    clock = Clock.objects.create(
        case_id=case.pk,
        kind=kind,
        round=case.round,
        generation=generation,
        policy=policy,
        calendar=policy.calendar,
        calendar_revision=policy.calendar.revision,
        started_at=at,
        due_at=owed.due_at,
        warn_at=at + (owed.due_at - at) * 3 / 4,
        alarm_at=None if owed.overdue_at else owed.due_at,
        overdue_at=owed.overdue_at,
        level=len(policy.ladder) if owed.overdue_at else 0,
        adjusted=True,
        **{kind: owed},
    )
    Interval.objects.create(clock=clock, event=event, began_at=at, until=owed.due_at)


def give_back(apps, schema_editor):
    Clock, Interval = apps.get_model("workflows", "Clock"), apps.get_model("workflows", "ClockInterval")
    for clock in Clock.objects.filter(kind__in=["request", "part"]).select_related("request", "part"):
        owed = clock.request or clock.part
        owed.due_at, owed.overdue_at = clock.due_at, clock.overdue_at
        owed.save(update_fields=["due_at", "overdue_at"])
    # Without the collector: it follows relations that this historical state has under another class.
    gone = list(Clock.objects.filter(kind__in=list(DAY_LIMITS)).values_list("pk", flat=True))
    Interval.objects.filter(clock_id__in=gone)._raw_delete(schema_editor.connection.alias)
    Clock.objects.filter(pk__in=gone)._raw_delete(schema_editor.connection.alias)
    Request, Part = apps.get_model("workflows", "Request"), apps.get_model("workflows", "Part")
    Request.objects.filter(due_at=None).update(due_at=F("decided_at"))
    for part in Part.objects.filter(due_at=None).select_related("joint"):
        part.due_at = part.answered_at or part.joint.closed_at
        part.save(update_fields=["due_at"])
    Policy = apps.get_model("workflows", "SlaPolicy")
    Policy.objects.filter(clock__in=list(DAY_LIMITS))._raw_delete(schema_editor.connection.alias)


class Migration(migrations.Migration):

    dependencies = [("workflows", "0002_revisions_orders_and_ladders")]

    operations = [
        migrations.RunPython(publish, migrations.RunPython.noop),
        migrations.RunPython(add_limits, migrations.RunPython.noop),
        migrations.RunPython(start_clocks, give_back),
    ]
