"""Nonces that a launch has spent, kept until no token that carries them could still be valid."""

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.db import Base, Instant


class SpentNonce(Base):
    """A nonce that was used: its row is what makes a second use fail."""

    __tablename__ = "spent_nonces"

    nonce: Mapped[str] = mapped_column(Text, primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(Instant)
