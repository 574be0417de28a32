"""An authority of one's own, and the certificates that it gives: made for a test, believed by nobody else."""

import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

BEGAN, ENDS, LONG_AGO = (datetime(year, 1, 1, tzinfo=UTC) for year in (2020, 2120, 2021))
HERE = "127.0.0.1"


def _name(words: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words)])


@dataclass
class Authority:
    """Signs certificates; its own stands in `file`."""

    folder: Path
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        made = self._about("Our own authority", self.key, ENDS)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.file = self.folder / "authority.pem"
        self.file.write_bytes(made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _about(self, words: str, key: ec.EllipticCurvePrivateKey, ends: datetime) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder(subject_name=_name(words), issuer_name=_name("Our own authority"))
        made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
        return made.not_valid_before(BEGAN).not_valid_after(ends)

    def server(self, *, address: str = HERE, ends: datetime = ENDS) -> ssl.SSLContext:
        """What a server at that address shows."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        shown = self._about("A server", key, ends).add_extension(names, critical=False).sign(self.key, hashes.SHA256())
        pem = serialization.Encoding.PEM
        plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file = self.folder / f"server-{shown.serial_number}.pem"
        file.write_bytes(key.private_bytes(pem, *plain) + shown.public_bytes(pem))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context
