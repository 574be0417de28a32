"""Write what the histories already say of reveals, links and slips into the book of doors."""

from django.db import migrations

OF_CASES = {"case.reporter_revealed": "reporter", "case.link_issued": "link"}
CHUNK = 1000


def fill(apps, _editor):
    event_of, access = apps.get_model("cases", "CaseEvent"), apps.get_model("cases", "PersonAccess")
    rows = event_of.objects.filter(actor__isnull=False)
    of_cases = rows.filter(type__in=[*OF_CASES, "survey.invited"]).select_related("case").order_by("pk")
    made = []
    for event in of_cases.iterator(CHUNK):
        if event.type == "survey.invited" and event.data.get("way") != "slip":
            continue
        kind = OF_CASES.get(event.type, "slip")
        reason = event.data.get("reason", "")
        made.append(access(at=event.at, by_id=event.actor_id, kind=kind, case_id=event.case_id,
                           area_id=event.case.area_id, reason=reason))
    for event in rows.filter(type="notice.moved").select_related("council").order_by("pk").iterator(CHUNK):
        if event.data.get("move") == "reveal":
            made.append(access(at=event.at, by_id=event.actor_id, kind="objector", council_id=event.council_id,
                               area_id=event.council.area_id, reason=event.data.get("reason", "")))
    for event in rows.filter(type="register.imported").select_related("council").order_by("pk").iterator(CHUNK):
        counts = {name: event.data[name] for name in ("new", "changed", "gone") if name in event.data}
        made.append(access(at=event.at, by_id=event.actor_id, kind="changed", council_id=event.council_id,
                           area_id=event.council.area_id, details=counts))
    access._base_manager.bulk_create(sorted(made, key=lambda row: row.at), batch_size=CHUNK)


class Migration(migrations.Migration):
    dependencies = [("cases", "0012_accesses")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
