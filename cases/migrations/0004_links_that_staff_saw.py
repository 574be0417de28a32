from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery


def mark(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Before 0003 one link served staff and resident alike: whoever asked for it last has seen it."""
    links = apps.get_model("cases", "ResidentLink")
    issued = apps.get_model("cases", "CaseEvent").objects.filter(
        type="case.link_issued", case=OuterRef("case"), actor__isnull=False
    )
    shown = Subquery(issued.order_by("-seq").values("actor")[:1])
    links.objects.filter(handed_by=None).update(handed_by=shown)


class Migration(migrations.Migration):
    dependencies = [("cases", "0003_closing")]

    operations = [migrations.RunPython(mark, migrations.RunPython.noop)]
