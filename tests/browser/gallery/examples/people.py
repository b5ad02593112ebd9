"""People, their settings, signing in, and what goes wrong."""

from markupsafe import Markup
from msgspec.structs import replace

from server.web import views as v
from tests.browser.gallery.cast.account import NOTES, SETTINGS
from tests.browser.gallery.cast.people import ANNA, AYLIN, BERND, DIMITRI, DOOR, HOUSING, PUBLIC, ago
from tests.browser.gallery.cast.posts import LONG, OPEN
from tests.browser.gallery.examples.example import page

HOUSE = v.HouseView(
    texts=v.Form({"about": "Wir bauen **Motoren**."}, {"contact": "Das ist keine E-Mail-Adresse."}),
    announcements=(
        v.AnnouncementRow(edit_url="/e", text="Der Aufzug steht.", at=ago(days=1), ends=ago(days=-1), delete_url="/d"),
        v.AnnouncementRow(
            edit_url="/e", text="Sommerfest", at=ago(days=9), ends=ago(days=3), is_over=True, delete_url="/d"
        ),
    ),
    emojis=(v.HouseEmoji(shortcode="motor", picture_url="/example/part.svg", category="Haus", delete_url="/d"),),
)

FILTER = v.FilterFormView(
    action="/f",
    form=v.Form(
        {"title": "Fußball", "word-7": "Bundesliga", "whole-7": "on", "in-home": "on", "action": "warn"},
        {"contexts": "Wähle, wo er zählt."},
    ),
    words=("7", "new-1", "new-2"),
    places=(v.Choice("in-home", "Start und Gruppen"), v.Choice("in-thread", "Gespräche")),
    actions=(v.Choice("warn", "Einklappen, mit dem Namen des Filters"), v.Choice("hide", "Weglassen")),
    durations=(v.Choice("", "wie bisher"), v.Choice("0", "für immer")),
    title="Fußball",
    until=ago(days=-3),
    posts=2,
)
OWN_ACCESS = v.AccessView(person=ANNA, role_url="/r", access_url="/a", roles=(), form=v.Form(), own=True)

EXAMPLES = (
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
            lines=(("Büro", Markup("Halle 2")), ("Seite", Markup('<a href="https://bernd.example">bernd.example</a>'))),
            follow_url="/f",
            mute_url="/m",
            muted=True,
            muted_until=ago(days=-1),
            mute_durations=(v.Choice("0", "für immer"),),
            access_url="/a",
            groups=(HOUSING,),
            posts=(LONG,),
        ),
    ),
    page(
        "person-access",
        "person_access",
        v.AccessView(
            person=BERND,
            role_url="/r",
            access_url="/a",
            roles=(v.Choice("staff", "Kollegin oder Kollege", "Liest und schreibt."), v.Choice("admin", "Admin")),
            form=v.Form({"role": "admin"}, {"role": "Das ist die letzte Person mit Admin-Rechten."}),
        ),
    ),
    page("person-access-own", "person_access", OWN_ACCESS),
    page(
        "person-outside",
        "person",
        v.ProfileView(
            person=DIMITRI,
            groups=(HOUSING,),
            left=True,
            mute_url="/m",
            mute_durations=(v.Choice("0", "für immer"), v.Choice("3600", "1 Stunde")),
            report_url="/r",
        ),
    ),
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
        "notifications",
        "notifications",
        v.NotificationsView(for_you=NOTES, replies=(), other=NOTES[1:], read_all_url="/n/read"),
    ),
    page("settings", "settings", SETTINGS),
    page(
        "scheduled",
        "scheduled",
        v.ScheduledView(
            posts=(
                v.ScheduledRow(at=ago(days=-1), text="Die Kantine hat morgen zu.", delete_url="/d", files=2),
                v.ScheduledRow(
                    at=ago(days=1), text="Zahlen", delete_url="/d", group="Alpen", failure="Du bist kein Mitglied."
                ),
            )
        ),
    ),
    page(
        "announcement",
        "announcement",
        v.AnnouncementView(
            action="/a", form=v.Form({"text": "Der Aufzug steht.", "ends_at": "2026-12-01T17:00", "is_all_day": "on"})
        ),
    ),
    page(
        "unheard",
        "unheard",
        v.UnheardView(
            muted=(
                v.UnheardRow(person=DIMITRI, end_url="/m", until=ago(days=-1), tells=True),
                v.UnheardRow(person=AYLIN, end_url="/m"),
            ),
            blocked=(v.UnheardRow(person=BERND, end_url="/b"),),
            hosts=("laut.example",),
            form=v.Form({"host": "muster"}, {"host": "Das ist kein Server."}),
        ),
    ),
    page("unheard-none", "unheard", v.UnheardView()),
    page(
        "filters",
        "filters",
        v.FiltersView(
            filters=(
                v.FilterRow(
                    title="Fußball",
                    words=("Bundesliga", "Elfmeter", "Tippspiel"),
                    places=("Start und Gruppen", "Gespräche"),
                    action="Einklappen, mit dem Namen des Filters",
                    url="/f",
                    delete_url="/d",
                    posts=2,
                    until=ago(days=-3),
                ),
            )
        ),
    ),
    page("filters-none", "filters", v.FiltersView()),
    page("filter", "filter", FILTER),
    page("house", "house", HOUSE),
    page("house-empty", "house", v.HouseView()),
    page(
        "house-text",
        "house_text",
        v.HouseTextView(title="Hausordnung", html=Markup("<p>Sei nett.</p>"), since=ago(days=9)),
    ),
    page("scheduled-empty", "scheduled", v.ScheduledView()),
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
)
