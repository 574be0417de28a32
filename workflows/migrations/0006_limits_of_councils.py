"""Versions of limits that were there before councils get the two limits that councils count by."""

from django.db import migrations

WORKING = [["supervisor", 1, "working_days"], ["leader", 3, "working_days"]]
LIMITS = {"follow_up": (30, "days", [["team_leader", 4, "working_hours"], *WORKING]), "objection": (5, "working_days", WORKING)}


def add(apps, schema_editor):
    Version, Policy, Calendar = (
        apps.get_model("workflows", name) for name in ("PolicyVersion", "SlaPolicy", "Calendar")
    )
    calendar = Calendar.objects.order_by("pk").first()
    for version in Version.objects.all():
        for clock, (amount, unit, ladder) in LIMITS.items():
            row = {"amount": amount, "unit": unit, "calendar": calendar, "ladder": ladder}
            Policy.objects.get_or_create(version=version, clock=clock, category=None, priority="", defaults=row)


def remove(apps, schema_editor):
    Policy = apps.get_model("workflows", "SlaPolicy")
    Policy.objects.filter(clock__in=list(LIMITS))._raw_delete(schema_editor.connection.alias)


class Migration(migrations.Migration):
    dependencies = [("workflows", "0005_councils")]

    operations = [migrations.RunPython(add, remove)]
