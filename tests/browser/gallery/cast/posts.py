"""What people wrote, in every state, and the form in which they write."""

from markupsafe import Markup
from msgspec.structs import replace

from server.web import views as v
from tests.browser.gallery.cast.people import (
    ANNA,
    AYLIN,
    BERND,
    DIMITRI,
    HOUSING,
    INTERNAL,
    MANY,
    MINE,
    PARTNERS,
    PUBLIC,
    THEIRS,
    ago,
)

PICTURE = v.ImageView(
    url="/example/part.svg",
    preview_url="/example/part.svg",
    width=1200,
    height=800,
    alt="Gehäusedeckel mit versetzter Bohrung, daneben ein Messschieber",
)
POST = v.PostView(
    id="1",
    url="/posts/1",
    author=ANNA,
    reach=PARTNERS,
    group=HOUSING,
    at=ago(minutes=12),
    language="de",
    title="Bohrung am Deckel wandert um 0,4 mm",
    text=Markup(
        "<p>Die dritte Bohrung sitzt in der Serie jetzt <strong>0,4&nbsp;mm weiter links</strong>. Grund ist das "
        "Schweißnahtprüfverfahren, das wir seit Montag verwenden. Bitte prüft, ob eure Aufnahme das noch hergibt.</p>"
        "<ul><li>Zeichnung X200-17, Stand C</li><li>gilt ab Los 2026-14</li></ul>"
    ),
    images=(PICTURE,),
    replies=3,
    likes=4,
    edited=ago(minutes=5),
    history_url="/posts/1/history",
    approved=v.Decision("Bernd Kaya", ago(minutes=9)),
    actions=MINE,
)
WAITING = replace(
    POST,
    id="3",
    url="/posts/3",
    title="",
    reach=MANY,
    group=v.GroupRef("Oberflächenbehandlungsverfahren", "/groups/oberflaeche"),
    text=Markup("<p>Neue Schichtdicke ab April: 18 bis 22&nbsp;µm. @dimitri, passt das zu eurem Bad?</p>"),
    images=(),
    replies=0,
    likes=0,
    edited=None,
    history_url="",
    approved=None,
    waiting_since=ago(minutes=42),
)
RETURNED = replace(
    WAITING,
    id="4",
    url="/posts/4",
    waiting_since=None,
    returned=v.Decision("Bernd Kaya", ago(hours=2), "Bitte die Stückzahl herausnehmen, die geht nur uns etwas an."),
)
FROM_OUTSIDE = v.PostView(
    id="2",
    url="/posts/2",
    author=DIMITRI,
    reach=PARTNERS,
    group=HOUSING,
    at=ago(hours=3),
    language="de",
    reason="weil du Mitglied bist",
    text=Markup("<p>Passt. Wir ändern die Aufnahme bis Donnerstag und schicken ein Foto.</p>"),
    reply_to=ANNA,
    reply_to_url="/posts/1",
    likes=1,
    actions=THEIRS,
)
LONG = v.PostView(
    id="5",
    url="/posts/5",
    author=BERND,
    reach=INTERNAL,
    at=ago(hours=20),
    language="de",
    long=True,
    content_warning="",
    text=Markup(
        "<p>" + "Protokoll der Werksrunde: Nachtschicht, Kantine, Fahrradständer und Urlaubsplanung. " * 14 + "</p>"
    ),
    replies=1,
    actions=replace(THEIRS, liked=False, bookmarked=False),
)
_MENU = (("Suppe", 4, False), ("Salat mit gerösteten Kernen und einem sehr langen Namen", 11, True), ("Brot", 0, False))
POLL = v.PollView(
    options=tuple(
        v.PollOptionView(position=at, title=title, votes=votes, share=round(votes / 15 * 100), own=own)
        for at, (title, votes, own) in enumerate(_MENU)
    ),
    voters=15,
    ends=ago(hours=-3),
    vote_url="/polls/5/votes",
)
ASKING = replace(LONG, id="12", url="/posts/12", text=Markup("<p>Was gibt es am Freitag?</p>"), long=False, poll=POLL)
ANSWERED = replace(ASKING, id="13", url="/posts/13", poll=replace(POLL, vote_url=None, end_url="/polls/5/end"))
LINKING = replace(
    ASKING,
    id="16",
    url="/posts/16",
    author=DIMITRI,
    text=Markup('<p>Der Stahlpreis: <a href="https://nachrichten.example/1">nachrichten.example/1</a></p>'),
    poll=None,
    card=v.CardView(
        url="https://nachrichten.example/1",
        title="Stahl wird im zweiten Vierteljahr teurer, sagt der Verband der Kaltwalzwerke und Bandstahlverarbeiter",
        provider="Nachrichten",
        description="Zwei Prozent mehr als im Vorjahr; die Lager sind voll, die Lieferzeiten bleiben, wie sie sind. "
        * 3,
        image_url="/static/images/kontor-512.png",
    ),
)
ELSEWHERE = replace(
    LINKING,
    id="17",
    url="/posts/17",
    text=Markup(
        '<p>Seht selbst <img class="emoji" src="/static/images/kontor-192.png" alt=":k:" width="20" height="20"></p>'
    ),
    card=replace(LINKING.card, title="Ohne Bild", description="", image_url="") if LINKING.card else None,
    images=(
        v.ImageView(
            url="/x",
            preview_url="/x",
            width=4,
            height=3,
            alt="Die Fräse im Betrieb",
            elsewhere="https://sued.example/1.mp4",
            missing="Datei auf einem anderen Server",
        ),
        v.ImageView(
            url="/example/mill.mp4",
            preview_url="/example/part.svg",
            width=1280,
            height=720,
            alt="Die Fräse läuft an",
            kind="video",
            media_type="video/mp4",
        ),
        v.ImageView(
            url="/example/mill.ogg",
            preview_url="",
            width=1200,
            height=800,
            kind="audio",
            media_type="audio/ogg",
            is_ours=False,
        ),
    ),
)
QUOTING = replace(
    ASKING,
    id="14",
    url="/posts/14",
    text=Markup("<p>Das sehe ich auch so.</p>"),
    poll=None,
    quote=v.QuoteView(
        author=DIMITRI,
        at=ago(days=1),
        text="Die Muster sind da, und die Toleranz stimmt bei allen bis auf zwei, die wir noch einmal messen.",
        url="/posts/9",
        revoke_url="/posts/9/quotes/14/revocation",
    ),
    actions=replace(THEIRS, quote_url="/?quote=14#compose"),
)
UNQUOTED = replace(
    QUOTING, id="15", url="/posts/15", quote=v.QuoteView(sentence="Der zitierte Beitrag wurde gelöscht.")
)
OPEN = v.PostView(
    id="6",
    url="/posts/6",
    author=AYLIN,
    reach=PUBLIC,
    group=v.GroupRef("Neues aus dem Werk", "/groups/neues"),
    at=ago(days=4),
    language="de",
    text=Markup('<p>Tag der offenen Tür am 12. April. Kommt vorbei! <a href="/tags/werk">#werk</a></p>'),
    images=(PICTURE, replace(PICTURE, alt=""), PICTURE),
    boosted_by=BERND,
    actions=THEIRS,
)
WARNED = replace(
    LONG, id="7", url="/posts/7", content_warning="Unfallbericht mit Bildern", images=(PICTURE, PICTURE), long=False
)
GONE = replace(LONG, id="8", deleted=True)
PLACES = (
    v.ComposerGroup(id="", name="Alle bei Muster Werke", reach=INTERNAL),
    v.ComposerGroup(id="7", name="Gehäuse X200", reach=PARTNERS, gated=True),
    v.ComposerGroup(id="8", name="Oberflächenbehandlungsverfahren", reach=MANY, gated=True),
    v.ComposerGroup(id="9", name="Neues aus dem Werk", reach=PUBLIC),
)
LANGUAGES = (v.Choice("de", "Deutsch"), v.Choice("en", "English"))
COMPOSER = v.ComposerView(action="/posts", places=PLACES, languages=LANGUAGES, next_url="/")
IN_GROUP = replace(COMPOSER, places=(PLACES[1],), selected="7", draft="group-7")
REPLYING = replace(IN_GROUP, reply_to=POST, draft="reply-1")
REFUSED = replace(
    COMPOSER,
    selected="7",
    form=v.Form(
        values={"text": "Dimitri, siehst du das? <b>Text bleibt</b>", "title": "Frage"},
        errors={
            "text": "Der Text nennt @carla, die nicht in dieser Gruppe ist.",
            "image": "Bild 2 ist größer als 16 MB.",
        },
    ),
)
FEED = (POST, FROM_OUTSIDE, WAITING, RETURNED, LONG, OPEN, WARNED)
