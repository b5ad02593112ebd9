"""A group with its members, and what waits at its gate."""

from server.web import views as v
from tests.browser.gallery.cast.people import ANNA, AYLIN, BERND, INTERNAL, MANY, PARTNERS, PUBLIC, ago
from tests.browser.gallery.cast.posts import POST

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
