"""On PostgreSQL, words are found by an index over the search terms as an array; SQLite reads them all."""

from django.db import migrations

MAKE = "CREATE INDEX case_terms ON cases_case USING gin (string_to_array(btrim(search_terms), ' '))"


def make(_apps, editor):
    if editor.connection.vendor == "postgresql":
        editor.execute(MAKE)


def drop(_apps, editor):
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP INDEX IF EXISTS case_terms")


class Migration(migrations.Migration):
    dependencies = [("cases", "0015_boundaries")]
    operations = [migrations.RunPython(make, drop)]
