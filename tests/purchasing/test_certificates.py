"""Certificates of tax exemption: decided by their bytes, kept once for each licence, and read by nobody else."""

import stat
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from lti_tool.errors import NotFound
from lti_tool.purchasing import by_purchase_order as po
from lti_tool.purchasing import certificates, orders
from lti_tool.purchasing.certificates import Certificate, CertificateUnfit, Upload
from tests.factories import NOW, make_license, make_order
from tests.purchasing.test_by_purchase_order import BILLING

PDF = b"%PDF-1.4\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What differs between the databases is in test_at_once.py."""
    return sqlite_url


def keep(session: Session, files: Path, license_id: str, content: bytes = PDF, name: str = "exempt.pdf") -> Certificate:
    upload = Upload.read(content, name)
    return certificates.keep(session, files, license_id, upload, uploaded_by=None, now=NOW)


def test_a_refused_certificate_exempts_nothing_more_and_quotes_get_their_tax_back(
    session: Session, tmp_path: Path
) -> None:
    school = make_license(session)
    kept = keep(session, tmp_path, school.id)
    placed, quote = (make_order(session, school, status=status) for status in ("placed", "draft"))
    quote.tax_rate = 825
    orders.exempt(quote, kept.id)
    session.flush()
    assert (quote.tax, quote.tax_exempt) == (0, True)
    assert certificates.refuse(session, kept.id, now=NOW) == 1
    assert (quote.tax, quote.tax_exempt, quote.certificate_id) == (413, False, None)
    assert certificates.newest(session, school.id) is None
    assert placed.total == 5_000
    with pytest.raises(CertificateUnfit, match="was not accepted"):
        keep(session, tmp_path, school.id)
    other = keep(session, tmp_path, school.id, PNG, "other.png")
    assert certificates.newest(session, school.id) == other


@pytest.mark.parametrize(
    ("content", "name", "shown", "media_type"),
    [
        (PDF, "exempt.pdf", "exempt.pdf", "application/pdf"),
        (PNG, "scan.PNG", "scan.PNG", "image/png"),
        (JPEG, "photo.jpeg", "photo.jpeg", "image/jpeg"),
        (PDF + b"<script>alert(1)</script>", "page.html", "page.html.pdf", "application/pdf"),
        (JPEG, "C:\\scans\\..\\tax.pdf", "tax.pdf.jpg", "image/jpeg"),
        (PNG, "../../etc/passwd", "passwd.png", "image/png"),
        (PDF, "exempt\u202efdp.exe\0\r\n.pdf", "exemptfdp.exe.pdf", "application/pdf"),
        (PDF, '"><b onclick="x">.pdf', "b onclick=x.pdf", "application/pdf"),
        (PDF, "..", "certificate.pdf", "application/pdf"),
        (PDF, "x" * 400 + ".pdf", "x" * 80 + ".pdf", "application/pdf"),
    ],
)
def test_a_file_is_what_its_first_bytes_say_and_its_name_is_only_shown(
    content: bytes, name: str, shown: str, media_type: str
) -> None:
    upload = Upload.read(content, name)
    assert (upload.file_name, upload.media_type) == (shown, media_type)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"<html><script>alert(1)</script>", "not a PDF"),
        (b"\n%PDF-1.4", "not a PDF"),
        (b"PK\x03\x04 a zip", "not a PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a PDF"),
        (b"GIF89a=1;%PDF-", "not a PDF"),
        (PDF.ljust(certificates.LARGEST + 1, b"x"), "larger than 5 MB"),
    ],
)
def test_what_is_none_of_the_three_or_too_large_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(CertificateUnfit) as refused:
        Upload.read(content, "exempt.pdf")
    assert says in refused.value.detail
    assert Upload.read(PDF.ljust(certificates.LARGEST, b"x"), "exempt.pdf")


def test_a_certificate_is_kept_once_and_for_its_owner_only(session: Session, tmp_path: Path) -> None:
    files, license_ = tmp_path / "below" / "files", make_license(session)
    kept = keep(session, files, license_.id)
    again = keep(session, files, license_.id, name="another name.pdf")
    assert again is kept
    assert (kept.file_name, kept.size, certificates.content(files, kept)) == ("exempt.pdf", len(PDF), PDF)
    assert [path.name for path in files.iterdir()] == [kept.id]
    assert stat.S_IMODE(files.stat().st_mode) == 0o700
    assert stat.S_IMODE((files / kept.id).stat().st_mode) == 0o600
    other = keep(session, files, make_license(session).id)
    assert other.id != kept.id
    assert certificates.newest(session, license_.id) is kept
    assert certificates.find(session, other.id) is other
    with pytest.raises(NotFound):
        certificates.find(session, "../" + kept.id)


def test_a_lost_file_is_said_and_sending_it_again_brings_it_back(session: Session, tmp_path: Path) -> None:
    license_ = make_license(session)
    kept = keep(session, tmp_path, license_.id)
    (tmp_path / kept.id).unlink()
    with pytest.raises(NotFound):
        certificates.content(tmp_path, kept)
    assert keep(session, tmp_path, license_.id).id == kept.id
    assert certificates.content(tmp_path, kept) == PDF


def test_nobody_fills_the_disk_with_certificates(session: Session, tmp_path: Path) -> None:
    license_, files = make_license(session), tmp_path / "files"
    for number in range(certificates.MOST):
        keep(session, files, license_.id, PDF + bytes([number]))
    with pytest.raises(CertificateUnfit):
        keep(session, files, license_.id, PDF + b"one more")
    assert len(list(files.iterdir())) == certificates.MOST
    assert keep(session, files, license_.id, PDF + b"\0")


def test_with_a_certificate_a_purchase_order_has_no_tax_and_without_it_again(session: Session, tmp_path: Path) -> None:
    license_ = make_license(session)
    order = make_order(session, license_, method=None, status="draft")
    order.tax_rate = 825
    kept = keep(session, tmp_path, license_.id)
    prices = []
    for certificate_id in (None, kept.id, None, kept.id):
        po.set_billing(session, order, BILLING, certificate_id=certificate_id, now=NOW)
        prices.append((order.goods, order.tax, order.total, order.tax_exempt, order.certificate_id))
    assert prices == [(5_000, 413, 5_413, False, None), (5_000, 0, 5_000, True, kept.id)] * 2
    po.place(session, order.id, invoice_days=30, by="manager", now=NOW)
    po.set_billing(session, order, BILLING, now=NOW)
    session.refresh(order)
    assert (order.total, order.tax_exempt) == (5_000, True)
