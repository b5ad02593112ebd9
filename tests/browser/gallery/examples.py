"""Example views, long and German on purpose: what fits here fits everywhere."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from markupsafe import Markup

from server.web import views as v

NOW = datetime(2026, 3, 24, 14, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Example:
    """A page of the gallery."""

    name: str
    template: str
    shell: v.Shell
    view: Any = None


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


def page(name: str, template: str, view: Any = None, shell: v.Shell = SHELL) -> Example:
    return Example(name, f"web/{template}.html", shell, view)


EXAMPLES = (
    page(
        "home",
        "home",
        v.HomeView(composer=COMPOSER, posts=FEED, events_url="/events", today=TODAY, newcomers=(AYLIN,)),
        replace(SHELL, notices=(v.Notice("Dein Beitrag wartet jetzt auf Freigabe."),)),
    ),
    page(
        "home-empty",
        "home",
        v.HomeView(composer=COMPOSER, posts=(), events_url="/events"),
        replace(SHELL, groups=(), unread=0, waiting_approvals=None),
    ),
    page("home-refused", "home", v.HomeView(composer=REFUSED, posts=FEED[:1], paging=v.Paging(older_url="/?before=1"))),
    page("groups", "groups", v.GroupsView(mine=ROWS[:2], others=ROWS[2:], may_create=True)),
    page("groups-empty", "groups", v.GroupsView(mine=(), others=())),
    page(
        "group",
        "group",
        v.GroupView(head=HEAD, composer=IN_GROUP, posts=(POST, WAITING, GONE), events_url="/events?group=7"),
    ),
    page(
        "group-visitor",
        "group",
        v.GroupView(
            head=replace(
                HEAD,
                settings_url=None,
                leave_url=None,
                join_url="/j",
                closed=True,
                reach=INTERNAL,
                agreement="",
                agreement_url=None,
                gated=False,
            ),
            composer=None,
            posts=(),
        ),
    ),
    page(
        "group-members",
        "group_members",
        v.GroupMembersView(
            head=HEAD,
            members=MEMBERS,
            outside=(("Zulieferer Süd", (v.MemberRow(person=DIMITRI, role="member", since=ago(days=30)),)),),
            invite_url="/i",
            invite=v.Form({"username": "carl"}, {"username": "Niemand heißt hier carl."}),
        ),
    ),
    page(
        "group-about",
        "group_about",
        v.GroupAboutView(
            head=HEAD,
            description=Markup("<p>Hier steht, was sich am Gehäuse ändert.</p>"),
            owners=(ANNA,),
            gatekeepers=(BERND,),
            created=ago(days=90),
            address="@gehaeuse@muster.localhost:8001",
        ),
    ),
    page(
        "group-new",
        "group_new",
        v.GroupFormView(
            form=v.Form({"name": "Gehäuse X200"}, {"username": "Diesen Namen gibt es schon."}),
            may_reach=("internal", "partners", "public"),
        ),
    ),
    page(
        "group-settings",
        "group_settings",
        v.GroupSettingsView(
            head=HEAD,
            action="/g/2/settings",
            form=v.Form({"name": "Gehäuse X200", "purpose": HEAD.purpose, "access": "open", "gate": "on"}),
            reach_urls=(("internal", "/r/i"), ("public", "/r/p")),
            archive_url="/g/2/archive",
        ),
    ),
    page(
        "group-reach",
        "group_reach",
        v.GroupReachView(
            head=HEAD,
            action="/g/2/reach",
            to="public",
            raises=True,
            posts=41,
            after=PUBLIC,
        ),
    ),
    page(
        "post",
        "post",
        v.ThreadView(
            post=POST,
            replies=(FROM_OUTSIDE, replace(LONG, long=False, id="9", text=Markup("<p>Danke!</p>")), GONE),
            composer=REPLYING,
            events_url="/events?post=1",
        ),
    ),
    page("post-item", "post_item", v.PostItemView(post=POST)),
    page(
        "post-edit",
        "post_edit",
        v.PostEditView(
            post=POST,
            action="/posts/1",
            form=v.Form(
                {"text": "Die dritte Bohrung …", "title": POST.title, "language": "de"}, {"text": "Der Text ist leer."}
            ),
            revision=3,
            image_alts=(("5", PICTURE),),
            image_slots=3,
            gated=True,
            outsiders=("dimitri@zulieferer.localhost:8002",),
            meanwhile=(v.DiffPart("same", "Die dritte "), v.DiffPart("removed", "Bohrung"), v.DiffPart("added", "Nut")),
            languages=LANGUAGES,
        ),
    ),
    page(
        "post-history",
        "post_history",
        v.PostHistoryView(
            post=POST,
            revisions=(
                v.RevisionRow(
                    number=3,
                    sentence="Anna Brandt änderte ein Maß",
                    at=ago(minutes=42),
                    text=POST.text,
                    state="waiting",
                ),
                v.RevisionRow(
                    number=2, sentence="Anna Brandt ergänzte das Los", at=ago(days=1), text=POST.text, state="approved"
                ),
                v.RevisionRow(
                    number=1, sentence="Anna Brandt schrieb", at=ago(days=2), text=POST.text, title=POST.title
                ),
            ),
        ),
    ),
    page("approvals", "approvals", v.ApprovalsView(items=ITEMS, current=DEPARTURE)),
    page(
        "approvals-own",
        "approvals",
        v.ApprovalsView(
            items=ITEMS,
            current=replace(
                DEPARTURE,
                diff=(),
                recipients=(),
                public=True,
                approve_url=None,
                return_url="/posts/1/return",
                why_not="Du hast den Beitrag geschrieben: jemand anders entscheidet.",
                form=v.Form({}, {"reason": "Bitte nenne einen Grund."}),
            ),
        ),
    ),
    page(
        "approvals-decided",
        "approvals",
        v.ApprovalsView(
            items=(),
            current=replace(
                DEPARTURE,
                approve_url=None,
                return_url=None,
                verdict="approved",
                decision=v.Decision("Bernd Kaya", ago(minutes=3)),
                since_then=("Lackiererei Nord ist seither dabei.",),
                deliveries=(
                    v.DeliveryLine(
                        company="Zulieferer Süd",
                        host="zulieferer.localhost:8002",
                        what="Beitrag",
                        state="delivered",
                        at=ago(minutes=2),
                    ),
                    v.DeliveryLine(
                        company="Lackiererei Nord",
                        host="lack-nord.example",
                        what="Beitrag",
                        state="queued",
                        fault="503",
                    ),
                ),
            ),
        ),
    ),
    page(
        "approvals-empty",
        "approvals",
        v.ApprovalsView(items=(), last=(("Bernd Kaya gab „Bohrung am Deckel“ frei", "/posts/1", ago(hours=1)),)),
    ),
    page(
        "person",
        "person",
        v.ProfileView(
            person=BERND,
            about=Markup("<p>Frag mich zu Messmitteln.</p>"),
            email="bernd@muster.example",
            phone="+49 7531 123 45",
            place="Halle 2",
            address="@bernd@muster.localhost:8001",
            role="hält die Schranke",
            here_since=ago(days=400),
            follow_url="/f",
            groups=(HOUSING,),
            posts=(LONG,),
        ),
    ),
    page("person-outside", "person", v.ProfileView(person=DIMITRI, groups=(HOUSING,), left=True)),
    page(
        "people",
        "people",
        v.PeopleView(
            query="an",
            people=(
                v.PersonRow(person=ANNA, phone="+49 7531 123 44", email="anna@muster.example", place="Büro 4"),
                v.PersonRow(person=AYLIN),
            ),
            outside=(v.PeopleSection("Zulieferer Süd", (v.PersonRow(person=DIMITRI),)),),
            groups=(HOUSING,),
        ),
    ),
    page("people-none", "people", v.PeopleView(query="xylophon")),
    page(
        "partners",
        "partners",
        v.PartnersView(
            partners=(FINE, TROUBLED, STOPPED),
            admit_url="/partners",
            groups=(v.Choice("7", "Gehäuse X200", "Partner, mit Schranke"),),
            form=v.Form({}, {"host": "Unter dieser Adresse antwortet niemand."}),
        ),
    ),
    page("partners-empty", "partners", v.PartnersView(partners=(), mode="open")),
    page(
        "partner",
        "partner",
        v.PartnerView(
            partner=TROUBLED,
            since=ago(days=60),
            suspend_url="/p/3/suspend",
            retry_url="/p/3/retry",
            open_group_url="/p/3/groups",
            groups_to_open=(v.Choice("9", "Neues"),),
            people_cut_off=50,
            recent=LINES[:2],
        ),
    ),
    page("partner-suspended", "partner", v.PartnerView(partner=STOPPED, readmit_url="/p/4/readmit")),
    page(
        "ledger",
        "ledger",
        v.LedgerView(
            rows=LINES,
            companies=(v.Choice("", "alle"), v.Choice("2", "Zulieferer Süd")),
            paging=v.Paging(older_url="/ledger?before=1"),
            intact=True,
            checked_at=ago(minutes=30),
        ),
    ),
    page("ledger-empty", "ledger", v.LedgerView(rows=(), intact=False)),
    page(
        "notifications",
        "notifications",
        v.NotificationsView(for_you=NOTES, replies=(), other=NOTES[1:], read_all_url="/n/read"),
    ),
    page("settings", "settings", SETTINGS),
    page(
        "sign-in",
        "sign_in",
        v.SignInView(
            form=v.Form({"username": "anna"}, {"password": "Name oder Passwort stimmt nicht."}), application="Tusky"
        ),
        DOOR,
    ),
    page(
        "oauth-authorize",
        "oauth_authorize",
        v.AuthorizeView(
            action="/oauth/authorize",
            application="Phanpy",
            website="phanpy.social",
            scopes=(
                v.ScopeRow("read", "Lesen, was du lesen kannst."),
                v.ScopeRow("write", "In deinem Namen schreiben.", writes=True),
            ),
            fields=(("client_id", "1"), ("state", "x")),
            redirect_host="phanpy.social",
        ),
    ),
    page("oauth-code", "oauth_code", v.AuthorizeCodeView(application="toot", code="mF_9.B5f-4.1JqM")),
    page(
        "landing",
        "landing",
        v.LandingView(
            public_groups=(("Neues aus dem Werk", "Für alle draußen.", "/g/4"),), contact="kontor@muster.example"
        ),
        DOOR,
    ),
    page(
        "public-group",
        "public_group",
        v.PublicGroupView(
            name="Neues aus dem Werk",
            purpose="Für alle draußen.",
            address="@neues@muster.localhost:8001",
            posts=(replace(OPEN, actions=v.PostActions()),),
        ),
        DOOR,
    ),
    page(
        "public-post",
        "public_post",
        v.PublicPostView(
            post=replace(OPEN, actions=v.PostActions()),
            replies=(replace(LONG, reach=PUBLIC, actions=v.PostActions()),),
            address="https://muster.localhost/objects/6",
        ),
        DOOR,
    ),
    page("404", "errors/404", None, DOOR),
    page("404-colleague", "errors/404", None),
    page(
        "403",
        "errors/403",
        v.ErrorView(
            status=403,
            title="Diese Gruppe ist geschlossen.",
            sentence="Wer dazu gehört, kann dich einladen.",
            ask=("Bernd Kaya", "/@bernd"),
        ),
    ),
    page("429", "errors/429", v.ErrorView(status=429, retry_after=30), DOOR),
    page("500", "errors/500", v.ErrorView(status=500, reference="7f3a-19"), DOOR),
    page("offline", "errors/offline", None),
    page(
        "refused",
        "errors/refused",
        v.ErrorView(
            status=409,
            title="Jemand war schneller.",
            sentence="Bernd Kaya hat über diesen Beitrag schon entschieden.",
            back_url="/approvals",
        ),
    ),
    page("saved", "saved", v.FeedView(posts=(POST,))),
    page("saved-empty", "saved", v.FeedView(posts=())),
    page("tag", "tag", v.FeedView(posts=(replace(OPEN, actions=v.PostActions()),), title="#gehaeuse"), DOOR),
    page("search", "search", v.SearchView()),
    page(
        "search-found",
        "search",
        v.SearchView(
            query="gehaeuse",
            people=(v.PersonRow(person=ANNA, email="anna@muster.example"),),
            outside=(v.PeopleSection("Zulieferer Süd", (v.PersonRow(person=DIMITRI),)),),
            groups=(HOUSING,),
            tags=(("gehaeuse", "/tags/gehaeuse"),),
            posts=(POST,),
        ),
    ),
)
