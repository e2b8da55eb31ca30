"""Certificates of tax exemption: what a file is, is decided by its first bytes; it is kept once, and only handed back.

A file lies below `files_dir` under the id of its row, and is complete before the row is: a crash leaves at most a file
that no row names. Such files do no harm and stay: two installations may share a folder, and a database may be restored
to a day on which it did not know a file yet.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Self

from sqlalchemy import BigInteger, ForeignKey, String, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant, Sql, micros
from lti_tool.errors import Invalid, NotFound
from lti_tool.ids import new_id
from lti_tool.language import _
from lti_tool.purchasing import orders
from lti_tool.purchasing.orders import Order

LARGEST = 5_000_000
"""Bytes of one file."""
MOST = 50
"""Certificates of one licence: each is for years, so more are a mistake, or somebody who fills the disk."""

_KINDS = (
    (b"%PDF-", "application/pdf", (".pdf",)),
    (b"\x89PNG\r\n\x1a\n", "image/png", (".png",)),
    (b"\xff\xd8\xff", "image/jpeg", (".jpg", ".jpeg")),
)
_LONGEST_NAME = 80


class CertificateUnfit(Invalid):
    """The file cannot be taken; the detail says which can."""

    code = "certificate_unfit"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, field="certificate")


class Certificate(Base):
    """A certificate that a licence's school sent; its bytes are the file `id` below `files_dir`."""

    __tablename__ = "certificates"

    license_id: Mapped[str] = mapped_column(String(36), ForeignKey("licenses.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    file_name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(Text)
    uploaded_by: Mapped[str | None] = mapped_column(String(36))
    uploaded_at: Mapped[datetime] = mapped_column(Instant)
    refused_at: Mapped[datetime | None] = mapped_column(Instant)


@dataclass(frozen=True)
class Upload:
    """A file that can be taken: its bytes, what they are, and a name that is safe to show."""

    content: bytes
    file_name: str
    media_type: str

    @classmethod
    def read(cls, content: bytes, file_name: str) -> Self:
        """The file as it came. Raises CertificateUnfit; neither its name nor what the browser calls it is believed."""
        if not content:
            raise CertificateUnfit(_("This file is empty. Choose the certificate as a PDF, PNG or JPEG."))
        if len(content) > LARGEST:
            raise CertificateUnfit(_("This file is larger than 5 MB. Scan it in black and white, or as a PDF."))
        for begins, media_type, endings in _KINDS:
            if content.startswith(begins):
                return cls(content, _tidy(file_name, endings), media_type)
        raise CertificateUnfit(
            _("This is not a PDF, PNG or JPEG, whatever its name says. Scan it, or save it as a PDF.")
        )


_INSERT = Sql(
    """
    insert into certificates (license_id, id, file_name, media_type, size, sha256, uploaded_by, uploaded_at)
    values (:license_id, :id, :file_name, :media_type, :size, :sha256, :uploaded_by, :now)
    on conflict (license_id, sha256) do nothing
    """
)


def keep(
    session: Session, files: Path, license_id: str, upload: Upload, *, uploaded_by: str | None, now: datetime
) -> Certificate:
    """Files the certificate; the same file again is the one that is there.

    Raises CertificateUnfit for too many, and for one that the operator refused.
    """
    digest = hashlib.sha256(upload.content).hexdigest()
    kept = _same(session, license_id, digest)
    if kept is None:
        if _count(session, license_id) >= MOST:
            raise CertificateUnfit(
                _("This license has %(most)s certificates already. Ask whoever runs Creditroll.", most=MOST)
            )
        made = new_id()
        _write(files, made, upload.content)
        _INSERT.run(
            session,
            license_id=license_id,
            id=made,
            file_name=upload.file_name,
            media_type=upload.media_type,
            size=len(upload.content),
            sha256=digest,
            uploaded_by=uploaded_by,
            now=micros(now),
        )
        kept = _same(session, license_id, digest)
        assert kept is not None
        if kept.id != made:  # the same file came twice at once
            (files / made).unlink()
    if kept.refused_at is not None:
        raise CertificateUnfit(_("This certificate was not accepted by whoever runs Creditroll. Send another."))
    if not (files / kept.id).exists():  # the folder was lost, or restored from an older copy
        _write(files, kept.id, upload.content)
    return kept


def newest(session: Session, license_id: str) -> Certificate | None:
    """The certificate that counts for the licence's next purchase order; None if it has none."""
    query = select(Certificate).where(Certificate.license_id == license_id, Certificate.refused_at.is_(None))
    return session.scalars(query.order_by(Certificate.uploaded_at.desc(), Certificate.id.desc()).limit(1)).first()


def find(session: Session, certificate_id: str) -> Certificate:
    """The certificate with this id, of any licence: for the operator. Raises NotFound."""
    found = session.scalar(select(Certificate).where(Certificate.id == certificate_id))
    if found is None:
        raise NotFound(_("There is no such certificate."))
    return found


def refuse(session: Session, certificate_id: str, *, now: datetime) -> int:
    """From now on it exempts nothing: quotes that were made with it get their tax back; how many those were.

    What was placed keeps its price; cancel it if it must not be credited so. Raises NotFound.
    """
    found = find(session, certificate_id)
    found.refused_at = found.refused_at or now
    session.flush()
    quotes = select(Order.id).where(Order.certificate_id == certificate_id, Order.status == "draft").order_by(Order.id)
    changed = 0
    for order_id in session.scalars(quotes).all():
        order = orders.locked(session, order_id)
        if order.status == "draft" and order.certificate_id == certificate_id:
            orders.exempt(order, None)
            changed += 1
    session.flush()
    return changed


def content(files: Path, certificate: Certificate) -> bytes:
    """The file itself. Raises NotFound where it is lost. It may be anything: never show it, only hand it over."""
    try:
        return (files / certificate.id).read_bytes()
    except FileNotFoundError as lost:
        raise NotFound(_("The file of this certificate is lost. Ask the school for it again.")) from lost


def _same(session: Session, license_id: str, digest: str) -> Certificate | None:
    query = select(Certificate).where(Certificate.license_id == license_id, Certificate.sha256 == digest)
    return session.scalar(query)


def _count(session: Session, license_id: str) -> int:
    query = select(func.count()).select_from(Certificate).where(Certificate.license_id == license_id)
    return session.scalars(query).one()


def _write(files: Path, name: str, content: bytes) -> None:
    """The whole file or none, on disk before this returns, and for nobody else to read."""
    files.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = files / f"{new_id()}.part"
    with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(files / name)
    if os.name == "posix":
        folder = os.open(files, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def _tidy(name: str, endings: tuple[str, ...]) -> str:
    """The name without folders or invisible letters, and with an ending that says what the file is."""
    last = PurePosixPath(name.replace("\\", "/")).name
    shown = "".join(letter for letter in last if letter.isprintable() and letter not in '<>:"|?*').strip(" .")
    stem = shown[: -len(ending)] if (ending := _ending(shown, endings)) else shown
    return f"{stem[:_LONGEST_NAME].strip(' .') or 'certificate'}{ending or endings[0]}"


def _ending(name: str, endings: tuple[str, ...]) -> str:
    return next((name[-len(one) :] for one in endings if name.lower().endswith(one)), "")
