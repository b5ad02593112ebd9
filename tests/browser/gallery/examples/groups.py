"""Groups, and whom they let in."""

from markupsafe import Markup
from msgspec.structs import replace

from server.web import views as v
from tests.browser.gallery.cast.groups import HEAD, MEMBERS, ROWS
from tests.browser.gallery.cast.people import ANNA, BERND, DIMITRI, INTERNAL, PUBLIC, ago
from tests.browser.gallery.cast.posts import GONE, IN_GROUP, POST, WAITING
from tests.browser.gallery.examples.example import page

EXAMPLES = (
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
    page("group-ban", "group_ban", v.MemberBanView(head=HEAD, person=DIMITRI, action="/ban")),
)
