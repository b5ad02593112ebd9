"""Small pictures that stand for `:shortcode:` in the texts of one server."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from models.base import Base, Id


class Emoji(Base):
    """What a server means by a shortcode: where its picture is. Another server may mean something else (CNT-6)."""

    __tablename__ = "emoji"
    __table_args__ = (UniqueConstraint("host", "shortcode"),)

    id: Mapped[Id]
    host: Mapped[str]
    shortcode: Mapped[str]
    url: Mapped[str]
