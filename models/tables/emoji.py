"""Small pictures that stand for `:shortcode:` in the texts of one server."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id


class Emoji(Base):
    """What a server means by a shortcode: where its picture is. Another server may mean something else (CNT-6).

    Ours have a `file` in the media directory and may have a `category`; clients offer those that are `is_listed`.
    """

    __tablename__ = "emoji"
    __table_args__ = (UniqueConstraint("host", "shortcode"),)

    id: Mapped[Id]
    host: Mapped[str]
    shortcode: Mapped[str]
    url: Mapped[str]
    file: Mapped[str | None] = mapped_column(unique=True)
    media_type: Mapped[str | None]
    category: Mapped[str | None]
    is_listed: Mapped[bool] = mapped_column(default=False, server_default="0")
