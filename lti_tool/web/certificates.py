"""A certificate of tax exemption that came with a form; the form's route must be declared with `forms.takes_file`."""

from flask import current_app, request

from lti_tool import clock
from lti_tool.db import transaction
from lti_tool.purchasing import certificates
from lti_tool.purchasing.certificates import Certificate, Upload
from lti_tool.settings import Settings

FIELD = "certificate"
ACCEPT = ".pdf,.png,.jpg,.jpeg"


def receive(license_id: str, *, uploaded_by: str | None) -> Certificate | None:
    """Files what the form's file field holds; None if nothing was chosen. Raises CertificateUnfit.

    In a transaction of its own, so that the file stays though another field is wrong: a browser forgets which file
    was chosen.
    """
    sent = request.files.get(FIELD)
    if sent is None or not sent.filename:
        return None
    upload = Upload.read(sent.stream.read(certificates.LARGEST + 1), sent.filename)
    settings: Settings = current_app.extensions["creditroll"]
    with transaction() as session:
        return certificates.keep(
            session, settings.files_dir, license_id, upload, uploaded_by=uploaded_by, now=clock.now()
        )
