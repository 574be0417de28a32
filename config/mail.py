"""Mail by SMTP, to a server whose certificate is vouched for by the system or by the house."""

import ssl
from functools import cached_property

from django.core.mail.backends import smtp

from cases.lib.tls import tls_context


class EmailBackend(smtp.EmailBackend):
    """That of Django, but for whom it believes."""

    @cached_property
    def ssl_context(self) -> ssl.SSLContext:
        """With STARTTLS and over TLS from the start."""
        return tls_context()
