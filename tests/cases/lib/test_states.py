from django.db.migrations.state import ModelState, ProjectState
from django.db.models import CharField
from django.db.models.signals import class_prepared
from django.utils.module_loading import import_string

from cases.lib.states import StateField
from cases.models import Case


def test_in_migrations_a_state_is_a_column_of_text_that_listens_to_no_class() -> None:
    field = Case._meta.get_field("state")
    assert isinstance(field, StateField)
    assert field.protected
    _name, path, args, kwargs = field.deconstruct()
    as_written = import_string(path)(*args, **kwargs)
    assert type(as_written) is CharField
    assert (as_written.choices, as_written.default, as_written.max_length) == (field.choices, field.default, 50)
    state, listeners = ProjectState(), len(class_prepared.receivers)
    state.add_model(ModelState("cases", "Thing", [("state", as_written)]))
    assert state.apps.get_model("cases", "Thing")._meta.get_field("state").max_length == 50
    assert len(class_prepared.receivers) == listeners
