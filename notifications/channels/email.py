"""E-mail, plain and HTML, through the server that ZHUOLUO_EMAIL_URL names."""

from contextlib import suppress
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPResponseException
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from notifications.channels.base import ChannelError, Message, Rate, Receipt, Recipient, wants
from notifications.models import Subscriber

REFUSED_FOR_GOOD = 500  # replies from here on mean "do not try again", lower ones "later"


class Email:
    """For whoever left an address; a resident who opted out is left alone."""

    name: ClassVar[str] = "email"
    at_once: ClassVar[bool] = False
    to_machine: ClassVar[bool] = False
    rate: ClassVar[Rate | None] = None  # a mail server says by itself when it is too much

    def reaches(self, recipient: Recipient) -> bool:
        """An address is known, and the person is still to be told; a resident, in this way."""
        return not isinstance(recipient, Subscriber) and wants(recipient) and bool(recipient.email)

    def send(self, message: Message, recipient: Recipient, *, key: str) -> Receipt:
        """Hand the message to the server; the Message-ID repeats with `key`, so that a second copy can be told."""
        if isinstance(recipient, Subscriber):
            raise ChannelError("not a person", permanent=True)
        id_ = message_id(key)
        server = get_connection()
        mail = EmailMultiAlternatives(
            message.subject,
            message.text,
            to=[recipient.email],
            headers={"Message-ID": id_, "Auto-Submitted": "auto-generated", **_unsubscribe(message)},
            connection=server,
        )
        if message.html:
            mail.attach_alternative(message.html, "text/html")
        try:
            server.open()  # by itself: what fails here has certainly not been sent
        except (SMTPException, OSError) as error:  # a wrong password or sender is mended by people, then it goes
            raise ChannelError(f"{type(error).__name__}: {error}", permanent=False, away=True) from error
        try:
            mail.send()
        except SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            for_good, receipt = min(codes, default=0) >= REFUSED_FOR_GOOD, Receipt(max(codes, default=None))
            raise ChannelError(str(error), permanent=for_good, receipt=receipt) from error
        except SMTPDataError as error:
            for_good, receipt = error.smtp_code >= REFUSED_FOR_GOOD, Receipt(error.smtp_code)
            raise ChannelError(str(error), permanent=for_good, receipt=receipt) from error
        except (SMTPException, OSError) as error:
            unknown = not isinstance(error, SMTPResponseException)  # the talk ended in the middle
            reason = f"{type(error).__name__}: {error}"
            raise ChannelError(reason, permanent=False, away=True, unknown=unknown) from error
        except ValueError as error:  # an address or header that no server would take
            raise ChannelError(f"{type(error).__name__}: {error}", permanent=True) from error
        finally:
            _close(server)
        return Receipt(id=id_)


def _close(server: Any) -> None:
    """What became of the message is known by now."""
    with suppress(SMTPException, OSError):
        server.close()


def _unsubscribe(message: Message) -> dict[str, str]:
    if not message.unsubscribe:
        return {}
    return {"List-Unsubscribe": f"<{message.unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def message_id(key: str) -> str:
    """The same for every attempt of one message."""
    return f"<{key}@{urlsplit(settings.BASE_URL).hostname or 'zhuoluo'}>"
