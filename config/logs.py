"""Log lines without phones and identity numbers."""

import logging


class MaskingFormatter(logging.Formatter):
    """Masks the finished line, traceback included: a value can hide in an exception as well as in an argument."""

    def format(self, record: logging.LogRecord) -> str:
        """The usual line; its date stays as it is."""
        return f"{self.formatTime(record, self.datefmt)} {self._masked(super().format(record))}"

    @staticmethod
    def _masked(line: str) -> str:
        from cases.lib.masking import mask_text  # noqa: PLC0415  # not at the top: logging is set up before the applications

        return mask_text(line)
