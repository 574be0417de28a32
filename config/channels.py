"""Settings of the channels of messages that are not plain words: a channel that is not set up reaches nobody."""

import ssl
from ipaddress import ip_network

from config import env
from config.env import SettingsError

WEB = ("https", "http")
SHOWN = ("subject", "lead", "url")


def sms_url() -> str:
    """`file`, or the address of a gateway; empty when nobody is written to."""
    value = env.text("ZHUOLUO_SMS_URL")
    if value == "file":
        return value
    found = env.url("ZHUOLUO_SMS_URL", "", schemes=WEB)
    if found and not env.text("ZHUOLUO_SMS_SECRET"):
        raise SettingsError("ZHUOLUO_SMS_SECRET must be set with ZHUOLUO_SMS_URL: the gateway knows us by it.")
    return found


def platform(name: str, default: str) -> str:
    """Where a platform is; a private deployment has an address of its own."""
    return env.url(f"ZHUOLUO_{name}_BASE_URL", default, schemes=WEB).rstrip("/")


def fields() -> tuple[tuple[str, str], ...]:
    """`thing1:subject, thing2:lead`: what each field of the template shows."""
    pairs = [word.partition(":") for word in env.words("ZHUOLUO_WECHAT_FIELDS", ["first:subject", "remark:lead"])]
    if any(not name or what not in SHOWN for name, _, what in pairs):
        raise SettingsError(
            f"ZHUOLUO_WECHAT_FIELDS is malformed: write field:what, comma separated; what is {', '.join(SHOWN)}."
        )
    return tuple((name, what) for name, _, what in pairs)


def networks() -> tuple[str, ...]:
    """Networks of our own that webhooks may reach into."""
    try:
        return tuple(str(ip_network(network)) for network in env.words("ZHUOLUO_WEBHOOK_NETWORKS", []))
    except ValueError as error:
        raise SettingsError(
            f"ZHUOLUO_WEBHOOK_NETWORKS is malformed ({error}): write networks such as 10.20.0.0/16, comma separated."
        ) from error


def together(*names: str) -> None:
    """All or none: one is of no use without the others."""
    missing = [f"ZHUOLUO_{name}" for name in names if not env.text(f"ZHUOLUO_{name}")]
    if 0 < len(missing) < len(names):
        raise SettingsError(f"{' and '.join(missing)} must be set, too: one is of no use without the others.")


def authorities() -> str:
    """The file of further authorities whose certificates are believed; one that holds none stops the start."""
    name = "ZHUOLUO_CA_FILE"
    if not (path := env.text(name)):
        return ""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=path)
    except OSError as error:  # an SSLError is one
        reason = error.strerror if isinstance(error, FileNotFoundError | PermissionError) else "it is no PEM file"
        raise SettingsError(f"{name} names {path}, which cannot be used: {reason}.") from error
    if not context.get_ca_certs():
        raise SettingsError(f"{name} names {path}, which holds no certificate of an authority.")
    return path
