"""An LMS and a tool on two sites over TLS, as schools have them; the servers themselves talk over loopback."""

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask

from lti_tool.demo.config import LmsConfig
from lti_tool.demo.platform import create_lms
from tests.demo_lms import Serving, serving


@dataclass(frozen=True, kw_only=True)
class TwoSites(LmsConfig):
    """What browsers do goes to names ending in .test; what the servers do goes to these addresses, without TLS."""

    lms_behind: str
    tool_behind: str

    @property
    def services_url(self) -> str:
        """Rosters."""
        return self.lms_behind

    @property
    def auth_token_url(self) -> str:
        """Access tokens."""
        return self.lms_behind + self.shape.token_path

    @property
    def jwks_url(self) -> str:
        """The LMS's keys."""
        return self.lms_behind + self.shape.keys_path

    @property
    def tool_jwks_url(self) -> str:
        """The tool's keys."""
        return f"{self.tool_behind}/lti/jwks.json"


@dataclass(frozen=True)
class Sites:
    """Each application at both of its addresses."""

    lms: Serving
    tool: Serving
    lms_behind: Serving
    tool_behind: Serving

    def config(self, key_path: Path, *, storage_target: str = "", storage_prefix: str = "lti.") -> TwoSites:
        """The LMS of these sites."""
        return TwoSites(
            url=self.lms.url,
            tool_url=self.tool.url,
            lms_behind=self.lms_behind.url,
            tool_behind=self.tool_behind.url,
            key_path=key_path,
            control=True,
            storage_target=storage_target,
            storage_prefix=storage_prefix,
        )

    def show(self, config: TwoSites, tool: Flask) -> None:
        """From now on these answer."""
        lms = create_lms(config)
        for server, app in ((self.lms, lms), (self.lms_behind, lms), (self.tool, tool), (self.tool_behind, tool)):
            server.show(app)


@contextmanager
def two_sites(folder: Path) -> Iterator[Sites]:
    """Servers for lms.test and tool.test, with a certificate that nobody vouches for."""
    tls = _certified(folder, "lms.test", "tool.test")
    with ExitStack() as stack:
        yield Sites(
            *(stack.enter_context(serving(host, tls=tls)) for host in ("lms.test", "tool.test")),
            *(stack.enter_context(serving(host)) for host in ("localhost", "127.0.0.1")),
        )


def _certified(folder: Path, *hosts: str) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context
