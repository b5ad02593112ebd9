"""What the house says about itself: its description, rules and policies."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, now


class HouseTextName(StrEnum):
    DESCRIPTION = "description"
    ABOUT = "about"
    RULES = "rules"
    PRIVACY = "privacy"
    TERMS = "terms"
    CONTACT = "contact"


class HouseText(Base):
    """One wording of a text. Former ones stay, because terms are asked for by their day; the newest is in force."""

    __tablename__ = "house_texts"
    __table_args__ = (Index(None, "name", "id"),)

    id: Mapped[Id]
    name: Mapped[HouseTextName]
    source: Mapped[str]
    html: Mapped[str] = mapped_column(default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=now)
