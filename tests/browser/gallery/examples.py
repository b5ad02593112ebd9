"""An example of every page, as it is on a busy day, on the first day, and when something was refused."""

from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from server.web import views as v
from tests.browser.gallery.cast import (
    ANNA,
    ANSWERED,
    ASKING,
    AYLIN,
    BERND,
    COMPOSER,
    DEPARTURE,
    DIMITRI,
    DOOR,
    ELSEWHERE,
    FEED,
    FINE,
    FROM_OUTSIDE,
    GONE,
    HEAD,
    HOUSING,
    IN_GROUP,
    INTERNAL,
    ITEMS,
    LANGUAGES,
    LETTERS,
    LINES,
    LINKING,
    LONG,
    MEMBERS,
    NOTES,
    OPEN,
    PICTURE,
    POST,
    PUBLIC,
    QUOTING,
    REFUSED,
    REPLYING,
    ROWS,
    SERVERS,
    SETTINGS,
    SHELL,
    STOPPED,
    TODAY,
    TROUBLED,
    UNQUOTED,
    WAITING,
    ago,
)


@dataclass(frozen=True, slots=True)
class Example:
    """A page of the gallery."""

    name: str
    template: str
    shell: v.Shell
    view: Any = None


def page(name: str, template: str, view: Any = None, shell: v.Shell = SHELL) -> Example:
    return Example(name, f"web/{template}.html", shell, view)


REPORT = v.ReportRow(
    url="/reports/1",
    about=DIMITRI,
    at=ago(hours=3),
    reason="Werbung",
    text="Schreibt in jeder Gruppe dasselbe.",
    by=ANNA,
    posts=1,
)

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
            describe_url="/p/3/record",
            described=v.Form(values={"contact": "Frau Blech, 07571 200-0", "note": "Rahmenvertrag bis Ende 2027"}),
            open_group_url="/p/3/groups",
            groups_to_open=(v.Choice("9", "Neues"),),
            people_cut_off=50,
            recent=LINES[:2],
        ),
    ),
    page("federation", "federation", v.BoardView(servers=SERVERS, unlisted=3, letters=LETTERS, halt_url="/federation")),
    page(
        "federation-host",
        "federation",
        v.BoardView(
            servers=SERVERS[1:2],
            letters=LETTERS[:1],
            host="kontor.blech-oberschwaben.example",
            company="Blechverarbeitungsgesellschaft Oberschwaben",
            host_url="/federation/kontor.blech-oberschwaben.example/letters",
        ),
    ),
    page(
        "federation-halted",
        "federation",
        v.BoardView(servers=SERVERS[:1], halt="backup", halted_at=ago(days=2), halt_url="/federation"),
    ),
    page("federation-empty", "federation", v.BoardView(servers=())),
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
    page("polls", "saved", v.FeedView(posts=(ASKING, ANSWERED))),
    page("cards", "saved", v.FeedView(posts=(LINKING, ELSEWHERE))),
    page("quotes", "saved", v.FeedView(posts=(QUOTING, UNQUOTED))),
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
    page(
        "post-moderation",
        "post_moderation",
        v.PostModerationView(post=POST, removal_url="/r", pin_url="/p", lock_url="/l"),
    ),
    page("post-removed", "post_moderation", v.PostModerationView(post=POST, restoration_url="/r")),
    page("group-ban", "group_ban", v.MemberBanView(head=HEAD, person=DIMITRI, action="/ban")),
    page(
        "partner-check",
        "partner_check",
        v.PartnerCheckView(
            company="Zulieferer Süd",
            host="zulieferer.localhost:8002",
            remarks=(
                v.CheckRow(grade="good", sentence="Der Server antwortet.", fix=""),
                v.CheckRow(
                    grade="doubtful", sentence="Seine Uhr geht vier Minuten nach.", fix="Sag es den Leuten dort."
                ),
                v.CheckRow(
                    grade="bad", sentence="Er nimmt unsere Signatur nicht an.", fix="Lass dort unseren Host zu."
                ),
            ),
            well=False,
            back_url="/partners/1",
            again_url="/partners/1/check",
        ),
    ),
    page("reports", "reports", v.ReportsView(reports=(REPORT, replace(REPORT, by=None, company="Nordlicht", posts=2)))),
    page("reports-empty", "reports", v.ReportsView(reports=())),
    page("report", "report", v.ReportView(report=REPORT, state_url="/s", posts=(POST,), unseen=1, is_forwarded=True)),
    page(
        "report-form",
        "report_form",
        v.ReportFormView(
            action="/people/dimitri/report",
            about=DIMITRI,
            reasons=(v.Choice("spam", "Werbung"), v.Choice("other", "Etwas anderes")),
            back_url="/people/dimitri",
            posts=(POST,),
            company="Zulieferer Süd",
        ),
    ),
)
