"""Which addresses may be called: a webhook of others must not reach into our own net, nor the data of the machine."""

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

Ip = IPv4Address | IPv6Address
PORTS = {"http": 80, "https": 443}
NAT64 = ip_network("64:ff9b::/96")


class Refused(Exception):
    """Why an address is not called; a name that cannot be looked up may be known again later."""

    def __init__(self, reason: str, *, permanent: bool = True) -> None:
        super().__init__(reason)
        self.permanent = permanent


@dataclass(frozen=True)
class Place:
    """Where to connect: the very address that was checked, not the name, which might give another one next time."""

    name: str
    address: str
    port: int
    host: str  # as the header has it


def checked(url: str, *, guarded: bool) -> Place:
    """Look the name up once; Refused when it is malformed or, if guarded, any of its addresses is not public."""
    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise Refused(_("地址写得不对。")) from error
    if parts.scheme not in PORTS or not name:
        raise Refused(_("地址须以 https:// 或 http:// 开头。"))
    if parts.username or parts.password:
        raise Refused(_("地址里不能带用户名和密码。"))
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Refused(_("找不到这个域名。"), permanent=False) from error
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    if guarded and not all(is_allowed(address) for address in addresses):
        raise Refused(_("这个地址在内网或本机，不允许推送；确需的，请运维人员在 ZHUOLUO_WEBHOOK_NETWORKS 中放行。"))
    host = f"[{name}]" if ":" in name else name
    return Place(name, addresses[0], port, host if port == PORTS[parts.scheme] else f"{host}:{port}")


def is_allowed(address: str) -> bool:
    """Whether it is public, or the operator opened its network."""
    found = _inner(ip_address(address))
    opened = (ip_network(network) for network in settings.WEBHOOK_NETWORKS)
    if any(found.version == network.version and found in network for network in opened):
        return True
    return found.is_global and not found.is_multicast and not found.is_reserved


def _inner(found: Ip) -> Ip:
    """The address of version 4 that one of version 6 leads to."""
    if isinstance(found, IPv4Address):
        return found
    if found in NAT64:
        return IPv4Address(int(found) & 0xFFFFFFFF)
    if found.teredo:
        return found.teredo[1]
    return found.ipv4_mapped or found.sixtofour or found
