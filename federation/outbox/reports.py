"""Reports of ours that somebody wants forwarded: in the name of the server, which hides who reported (DISC-17)."""

from sqlalchemy.ext.asyncio import AsyncSession

from federation.documents import activity
from federation.keys import KeyRing
from federation.outbox.sending import Subject, send
from models import actors
from models.journal import Reported
from models.tables import Actor, Report

RULE = "report"


async def reported(keys: KeyRing, session: AsyncSession, entry: Reported) -> None:
    """Flag to the server of whom it is about, with the posts of theirs that were reported."""
    report = await session.get(Report, entry.report_id)
    about = await session.get(Actor, report.about_id) if report is not None else None
    if report is None or about is None or not report.is_forwarded or report.host or about.is_local:
        return
    speaker = await actors.instance_actor(session)
    document = activity.flag(report.uri, speaker.uri, report.uris, to=[about.uri], text=report.text)
    subject = Subject(rule=RULE, object_uri=about.uri)
    await send(session, keys, document, actor=speaker, inboxes=[(about.inbox, about.host)], subject=subject)
