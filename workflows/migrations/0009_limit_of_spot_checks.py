"""Versions of limits that were there before get the one by which spot checks are counted."""

from django.db import migrations

LADDER = [["supervisor", 1, "working_days"], ["leader", 3, "working_days"]]


def add(apps, schema_editor):
    Version, Policy, Calendar = (
        apps.get_model("workflows", name) for name in ("PolicyVersion", "SlaPolicy", "Calendar")
    )
    row = {"amount": 5, "unit": "working_days", "ladder": LADDER, "calendar": Calendar.objects.order_by("pk").first()}
    for version in Version.objects.all():
        Policy.objects.get_or_create(version=version, clock="spot_check", category=None, priority="", defaults=row)


def remove(apps, schema_editor):
    Policy = apps.get_model("workflows", "SlaPolicy")
    Policy.objects.filter(clock="spot_check")._raw_delete(schema_editor.connection.alias)


class Migration(migrations.Migration):
    dependencies = [("workflows", "0008_spot_checks")]

    operations = [migrations.RunPython(add, remove)]
