import logging

from config.logs import MaskingFormatter

PHONE = "13812345678"
IDENTITY = "110101199003074258"


def line(message: str, *args: object, error: BaseException | None = None) -> str:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("cases", logging.INFO, "x.py", 1, message, args, info)
    return MaskingFormatter("%(levelname)s %(name)s: %(message)s").format(record)


def test_phones_and_identity_numbers_are_masked_wherever_they_stand() -> None:
    shown = line(f"call %s, card {IDENTITY}", PHONE)
    assert PHONE not in shown
    assert IDENTITY not in shown
    assert "138****5678" in shown


def test_a_traceback_is_masked_too() -> None:
    try:
        raise ValueError(f"no case for {PHONE}")  # noqa: TRY301
    except ValueError as error:
        shown = line("failed", error=error)
    assert "ValueError: no case for 138****5678" in shown
    assert PHONE not in shown


def test_the_moment_and_the_place_stay_readable() -> None:
    shown = line("case PS-PH-2026-000123 moved")
    assert shown.endswith("INFO cases: case PS-PH-2026-000123 moved")
    assert "*" not in shown


def test_every_logger_masks() -> None:
    """Django's own handlers are taken away, what remains has our formatter."""
    loggers = [logging.getLogger(name) for name in ("", "django", "django.request", "celery", "cases", "workflows")]
    ours = [handler for logger in loggers for handler in logger.handlers if handler.get_name() == "stderr"]
    assert [type(handler.formatter) for handler in ours] == [MaskingFormatter]
    others = [handler for logger in loggers[1:] for handler in logger.handlers]
    assert {type(handler) for handler in others} <= {logging.NullHandler}
    assert all(logger.propagate for logger in loggers[1:])
