"""E-mail, plain and HTML, through the server that ZHUOLUO_EMAIL_URL names."""

from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused
from typing import ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from cases.models import Reporter
from cases.terms import AnswerWay
from notifications.channels.base import ChannelError, Message, Recipient

REFUSED_FOR_GOOD = 500  # replies from here on mean "do not try again", lower ones "later"


class Email:
    """For whoever left an address; a resident who opted out is left alone."""

    name: ClassVar[str] = "email"
    at_once: ClassVar[bool] = False

    def reaches(self, recipient: Recipient) -> bool:
        """An address is known, and the person is still to be told; a resident, in this way."""
        if isinstance(recipient, Reporter):
            wanted = not recipient.opted_out and recipient.answer_way == AnswerWay.MESSAGE
        else:
            wanted = recipient.is_active
        return wanted and bool(recipient.email)

    def send(self, message: Message, recipient: Recipient, *, key: str) -> None:
        """Hand the message to the server; the Message-ID repeats with `key`, so that a second copy can be told."""
        mail = EmailMultiAlternatives(
            message.subject,
            message.text,
            to=[recipient.email],
            headers={"Message-ID": message_id(key), "Auto-Submitted": "auto-generated"},
        )
        if message.html:
            mail.attach_alternative(message.html, "text/html")
        try:
            mail.send()
        except SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise ChannelError(str(error), permanent=min(codes, default=0) >= REFUSED_FOR_GOOD) from error
        except SMTPDataError as error:
            raise ChannelError(str(error), permanent=error.smtp_code >= REFUSED_FOR_GOOD) from error
        except (SMTPException, OSError) as error:  # a wrong password or sender is mended by people, then it goes
            raise ChannelError(f"{type(error).__name__}: {error}", permanent=False) from error
        except ValueError as error:  # an address or header that no server would take
            raise ChannelError(f"{type(error).__name__}: {error}", permanent=True) from error


def message_id(key: str) -> str:
    """The same for every attempt of one message."""
    return f"<{key}@{urlsplit(settings.BASE_URL).hostname or 'zhuoluo'}>"
