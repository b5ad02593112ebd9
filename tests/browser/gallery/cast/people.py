"""Companies, people and how far a thing reaches, long and German on purpose: what fits here fits everywhere."""

from datetime import UTC, datetime, timedelta

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
