"""Whom we believe over TLS: the authorities of the system and, in a network of its own, those of the house."""

import ssl

from django.conf import settings


def tls_context() -> ssl.SSLContext:
    """For one connection: names and dates are checked; ZHUOLUO_CA_FILE adds authorities and takes none away."""
    context = ssl.create_default_context()
    if settings.CA_FILE:
        context.load_verify_locations(cafile=settings.CA_FILE)
    return context
