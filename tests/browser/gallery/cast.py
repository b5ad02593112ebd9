"""Whom and what the example pages show, long and German on purpose: what fits here fits everywhere."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from markupsafe import Markup

from server.web import views as v

NOW = datetime(2026, 3, 24, 14, 5, tzinfo=UTC)


def ago(**span: float) -> v.Moment:
    return v.Moment.of(NOW - timedelta(**span), now=NOW, locale="de")


HOUSE = v.Audience("Muster Werke", 214)
SOUTH = v.Audience("Zulieferer Süd", 12)
SHEET = v.Audience("Blechverarbeitungsgesellschaft Oberschwaben", 38)
QUIET = v.Audience("Lackiererei Nord", None)
INTERNAL = v.Reach(kind="internal", own=HOUSE)
PARTNERS = v.Reach(kind="partners", own=v.Audience("Muster Werke", 38), partners=(SOUTH,))
MANY = v.Reach(kind="partners", own=v.Audience("Muster Werke", 38), partners=(SOUTH, SHEET, QUIET))
ALONE = v.Reach(kind="partners", own=v.Audience("Muster Werke", 1))
PUBLIC = v.Reach(kind="public", own=HOUSE)

ANNA = v.PersonRef(name="Anna Brandt", handle="anna", url="/@anna", job="Konstruktion")
BERND = v.PersonRef(name="Bernd Kaya", handle="bernd", url="/@bernd", avatar_url="/example/bernd.svg", job="Qualität")
AYLIN = v.PersonRef(name="Aylin Öztürk-Hohenlohe", handle="aylin", url="/@aylin", job="Montage")
DIMITRI = v.PersonRef(
    name="Dimitri Alexandropoulos",
    handle="dimitri@zulieferer.localhost:8002",
    url="/@dimitri@zulieferer.localhost:8002",
    avatar_url="/example/dimitri.svg",
    company="Zulieferer Süd",
)

HOUSING = v.GroupRef("Gehäuse X200", "/groups/gehaeuse")
SHELL = v.Shell(
    company="Muster Werke",
    locale="de",
    csrf_token="token",
    path="/",
    viewer=v.Viewer(name="Anna Brandt", handle="anna", url="/@anna", role="admin"),
    unread=3,
    waiting_approvals=2,
    groups=(
        v.ShellGroup("Allgemeines", "/groups/allgemein", "internal"),
        v.ShellGroup("Gehäuse X200", "/groups/gehaeuse", "partners", unread=True),
        v.ShellGroup("Oberflächenbehandlungsverfahren", "/groups/oberflaeche", "partners"),
        v.ShellGroup("Neues aus dem Werk", "/groups/neues", "public"),
    ),
    version="0.1.0",
)
DOOR = v.Shell(company="Muster Werke", locale="de", csrf_token="token", version="0.1.0")

MINE = v.PostActions(
    reply_url="/posts/1#compose",
    like_url="/posts/1/like",
    boost_url="/posts/1/boost",
    bookmark_url="/posts/1/bookmark",
    edit_url="/posts/1/edit",
    delete_url="/posts/1/delete",
)
THEIRS = v.PostActions(
    reply_url="/posts/2#compose",
    like_url="/posts/2/like",
    liked=True,
    boost_url="/posts/2/boost",
    bookmark_url="/posts/2/bookmark",
    bookmarked=True,
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

HEAD = v.GroupHead(
    name="Gehäuse X200",
    purpose="Änderungen am Gehäuse, gemeinsam mit dem Zulieferer.",
    handle="gehaeuse",
    reach=PARTNERS,
    url="/groups/gehaeuse",
    members_url="/groups/gehaeuse/members",
    about_url="/groups/gehaeuse/about",
    settings_url="/groups/gehaeuse/settings",
    agreement_url="/partners/2",
    agreement="Vereinbarung v3 bis 31.12.",
    gated=True,
    member=True,
    leave_url="/groups/gehaeuse/leave",
)
ROWS = (
    v.GroupRow(
        name="Allgemeines", url="/g/1", purpose="Was alle angeht.", reach=INTERNAL, member=True, last_post=ago(hours=1)
    ),
    v.GroupRow(
        name="Gehäuse X200",
        url="/g/2",
        purpose=HEAD.purpose,
        reach=PARTNERS,
        member=True,
        last_post=ago(minutes=3),
        unread=True,
    ),
    v.GroupRow(
        name="Oberflächenbehandlungsverfahren",
        url="/g/3",
        purpose="Lack, Pulver, Zink.",
        reach=MANY,
        join_url="/g/3/join",
    ),
    v.GroupRow(name="Neues aus dem Werk", url="/g/4", purpose="Für alle draußen.", reach=PUBLIC, join_url="/g/4/join"),
)
MEMBERS = (
    v.MemberRow(person=ANNA, role="owner", since=ago(days=90)),
    v.MemberRow(person=BERND, role="gatekeeper", since=ago(days=80), remove_url="/g/m/2"),
    v.MemberRow(person=AYLIN, role="member", since=ago(days=3), remove_url="/g/m/3"),
)

ITEMS = (
    v.ApprovalItem(
        url="/approvals/1",
        title=POST.title,
        author="Anna Brandt",
        group="Gehäuse X200",
        since=ago(minutes=42),
        companies=3,
        current=True,
    ),
    v.ApprovalItem(
        url="/approvals/2",
        title="Pressetext zur Messe",
        author="Aylin Öztürk-Hohenlohe",
        group="Neues aus dem Werk",
        since=ago(hours=5),
        companies=0,
        public=True,
    ),
)
DEPARTURE = v.Departure(
    source=replace(POST, waiting_since=ago(minutes=42), approved=None, partners_keep_approved=True, reach=MANY),
    leaves=replace(POST, group=None, approved=None, edited=None, reach=MANY),
    revision=3,
    diff=(
        v.DiffPart("same", "Die dritte Bohrung sitzt in der Serie jetzt "),
        v.DiffPart("removed", "0,3 mm weiter rechts"),
        v.DiffPart("added", "0,4 mm weiter links"),
        v.DiffPart("same", ". Grund ist das Schweißnahtprüfverfahren,"),
        v.DiffPart("folded", "[ 21 Wörter wie bisher ]"),
    ),
    recipients=(
        v.Recipient(audience=SOUTH, host="zulieferer.localhost:8002", rule="Vereinbarung v3: liest und antwortet"),
        v.Recipient(audience=SHEET, host="kontor.blech-oberschwaben.example", rule="Vereinbarung v1: liest mit"),
        v.Recipient(audience=QUIET, host="social.lack-nord.example", rule="Vereinbarung v2: liest mit"),
    ),
    rules=("Diese Gruppe hat eine Schranke.", "Der Text enthält das Wort „Los“ (Regel 4)."),
    raw_url="/approvals/1/raw",
    approve_url="/posts/1/approval",
    return_url="/posts/1/return",
    next_url="/approvals",
)

GROUPS_OPEN = (
    v.AgreementRow(group="Gehäuse X200", url="/g/2", level="comment", change_url="/p/2/g/2", gated=True),
    v.AgreementRow(group="Oberflächenbehandlungsverfahren", url="/g/3", level="read", change_url="/p/2/g/3"),
)
FINE = v.PartnerRow(
    company="Zulieferer Süd",
    host="zulieferer.localhost:8002",
    url="/partners/2",
    state="admitted",
    software="Kontor 0.1.0",
    people=12,
    groups=GROUPS_OPEN,
    delivery=v.Delivery(delivered=318, last_success=ago(minutes=9)),
)
TROUBLED = v.PartnerRow(
    company="Blechverarbeitungsgesellschaft Oberschwaben",
    host="kontor.blech-oberschwaben.example",
    url="/partners/3",
    state="admitted",
    software="Mastodon 4.4.2",
    groups=GROUPS_OPEN[1:],
    delivery=v.Delivery(
        queued=7,
        delivered=52,
        failed=1,
        last_success=ago(hours=6),
        last_error="503 Service Unavailable",
        last_error_at=ago(minutes=4),
        next_attempt=ago(minutes=-11),
    ),
)
SERVERS = (
    v.ServerRow(
        name="Alte Gießerei",
        host="giesserei.example",
        condition="gone",
        since=ago(days=3),
        dead=4,
        letters_url="/federation/giesserei.example#letters",
        last_error="HTTP 410",
        last_error_at=ago(days=3),
    ),
    v.ServerRow(
        name="Blechverarbeitungsgesellschaft Oberschwaben",
        host="kontor.blech-oberschwaben.example",
        condition="held",
        url="/partners/3",
        since=ago(hours=6),
        queued=7,
        oldest=ago(hours=6),
        next_attempt=ago(minutes=-11),
        last_success=ago(hours=7),
        last_error="connect: Cannot connect to host kontor.blech-oberschwaben.example:443 [Connection refused]",
        last_error_at=ago(minutes=4),
        dead=1,
        letters_url="/federation/kontor.blech-oberschwaben.example#letters",
        retry_url="/federation/kontor.blech-oberschwaben.example/retry",
        software="mastodon 4.4.2",
        signature="Signatur nach Entwurf 12",
        dialect="zeigt einzelne Beiträge",
        latency="184 ms",
    ),
    v.ServerRow(
        name="social.lack-nord.example",
        host="social.lack-nord.example",
        condition="sleeping",
        since=ago(days=9),
        queued=2,
        oldest=ago(days=8),
        next_attempt=ago(hours=-5),
        letters_url="/federation/social.lack-nord.example#letters",
        retry_url="/federation/social.lack-nord.example/retry",
    ),
    v.ServerRow(
        name="Zulieferer Süd",
        host="zulieferer.localhost:8002",
        condition="working",
        url="/partners/2",
        last_success=ago(minutes=9),
        software="kontor 0.1.0",
        signature="Signatur nach RFC 9421",
        dialect="versteht Gruppen",
        latency="42 ms",
    ),
)
LETTERS = (
    v.LetterRow(
        id=71,
        what="Neuer Beitrag",
        object="https://muster.example/ap/o/8fz2q0c7nmv4",
        company="Blechverarbeitungsgesellschaft Oberschwaben",
        host="kontor.blech-oberschwaben.example",
        error="HTTP 422: Validation failed: Title can't be blank",
        at=ago(hours=3),
        url="/federation/kontor.blech-oberschwaben.example/letters",
    ),
    v.LetterRow(
        id=72,
        what="Dank",
        object="https://muster.example/ap/x/1kd93xm5b0aa",
        company="Alte Gießerei",
        host="giesserei.example",
        error="HTTP 410",
        at=ago(days=3),
        url="/federation/giesserei.example/letters",
    ),
)
STOPPED = v.PartnerRow(company="Altmetall West", host="altmetall.example", url="/partners/4", state="suspended")
LINES = (
    v.LedgerRow(
        at=ago(minutes=9),
        what="Beitrag „Bohrung am Deckel“, Fassung 2",
        url="/posts/1",
        who="Anna Brandt",
        to=("Zulieferer Süd", "Lackiererei Nord"),
        rule="Vereinbarung v3 § 2",
        verdict="left",
        approved_by="Bernd Kaya",
        delivered=1,
        deliveries=2,
        delivered_at=ago(minutes=8),
        number=1042,
        hash="9f2c41d07be8a3315c",
    ),
    v.LedgerRow(
        at=ago(minutes=42),
        what="Beitrag, Fassung 1",
        url="/posts/3",
        who="Anna Brandt",
        to=("Zulieferer Süd",),
        rule="Schranke der Gruppe",
        verdict="held",
        number=1041,
        hash="03bb7710cde2915aa0",
    ),
    v.LedgerRow(
        at=ago(hours=7),
        what="Antwort",
        url=None,
        who="Dimitri Alexandropoulos",
        to=(),
        rule="Antworten ohne Prüfung",
        verdict="received",
        number=1040,
        hash="77d0aa19e2c4ff0b31",
    ),
    v.LedgerRow(
        at=ago(days=2),
        what="Beitrag mit Stückzahlen",
        url="/posts/9",
        who="Aylin Öztürk-Hohenlohe",
        to=("Altmetall West",),
        rule="Partner ist gesperrt",
        verdict="stopped",
        number=1039,
        hash="c5e1908842deab7f60",
    ),
    v.LedgerRow(
        at=ago(days=3),
        what="Bild „Grundriss Halle 2“",
        url="/posts/8",
        who="Bernd Kaya",
        to=("Zulieferer Süd",),
        rule="Zurückgerufen vom Autor",
        verdict="recalled",
        delivered=1,
        deliveries=1,
        delivered_at=ago(days=3),
        number=1038,
        hash="1b2a3c4d5e6f708192",
    ),
)

NOTES = (
    v.NotificationRow(
        id="1",
        people=(BERND,),
        sentence="Bernd Kaya hat deinen Beitrag zurückgegeben: Bitte die Stückzahl herausnehmen.",
        url="/posts/4",
        at=ago(minutes=4),
        kind="returned",
        reach=MANY,
        unread=True,
        archive_url="/n/1",
        excerpt="Neue Schichtdicke ab April: 18 bis 22 µm.",
    ),
    v.NotificationRow(
        id="2",
        people=(DIMITRI,),
        sentence="Dimitri Alexandropoulos (Zulieferer Süd) nennt dich",
        url="/posts/2",
        at=ago(hours=2),
        kind="mention",
        reach=PARTNERS,
        unread=True,
        archive_url="/n/2",
        excerpt="@anna, das Foto ist da.",
    ),
)
SETTINGS = v.SettingsView(
    profile_url="/settings/profile",
    display_url="/settings/display",
    password_url="/settings/password",
    person=ANNA,
    profile=v.Form(
        values={"name": "Anna Brandt", "about": "Gehäuse und alles, was daran schraubt."},
        errors={"avatar": "Diese Datei ist kein Bild."},
    ),
    display=v.Form(values={"language": "de", "theme": "dark", "shortcuts": "on"}),
    languages=LANGUAGES,
    sign_ins=(
        v.SignInRow(
            browser="Firefox auf Windows",
            at=ago(days=2),
            last_used=ago(minutes=1),
            end_url=None,
            current=True,
        ),
        v.SignInRow(browser="Chrome auf Android", at=ago(days=20), last_used=ago(hours=9), end_url="/s/2"),
    ),
    end_others_url="/s/others",
    applications=(
        v.Application(
            name="Tusky", scopes=("read", "write", "push"), since=ago(days=9), revoke_url="/a/1", last_used=ago(hours=1)
        ),
    ),
)
TODAY = (("2 Beiträge warten auf deine Freigabe", "/approvals"), ("Bernd hat deinen Beitrag zurückgegeben", "/posts/4"))
FEED = (POST, FROM_OUTSIDE, WAITING, RETURNED, LONG, OPEN, WARNED)
