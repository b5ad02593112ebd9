"""Pages of posts: one, many, none; written, changed, searched for."""

from markupsafe import Markup
from msgspec.structs import replace

from server.web import views as v
from tests.browser.gallery.cast.account import TODAY
from tests.browser.gallery.cast.people import ANNA, AYLIN, DIMITRI, DOOR, HOUSING, SHELL, ago
from tests.browser.gallery.cast.posts import (
    ANSWERED,
    ASKING,
    COMPOSER,
    ELSEWHERE,
    FEED,
    FROM_OUTSIDE,
    GONE,
    LANGUAGES,
    LINKING,
    LONG,
    OPEN,
    PICTURE,
    POST,
    QUOTING,
    REFUSED,
    REPLYING,
    UNQUOTED,
)
from tests.browser.gallery.examples.example import page

TOLD = (v.Announced(html=Markup("<p>Der Aufzug steht.</p>"), at=ago(days=1), dismiss_url="/d"),)

EXAMPLES = (
    page(
        "home",
        "home",
        v.HomeView(
            composer=COMPOSER, posts=FEED, events_url="/events", today=TODAY, newcomers=(AYLIN,), announcements=TOLD
        ),
        replace(SHELL, notices=(v.Notice("Dein Beitrag wartet jetzt auf Freigabe."),)),
    ),
    page(
        "home-empty",
        "home",
        v.HomeView(composer=COMPOSER, posts=(), events_url="/events"),
        replace(SHELL, groups=(), unread=0, waiting_approvals=None),
    ),
    page("home-refused", "home", v.HomeView(composer=REFUSED, posts=FEED[:1], paging=v.Paging(older_url="/?before=1"))),
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
    page("saved", "saved", v.FeedView(posts=(POST,))),
    page("polls", "saved", v.FeedView(posts=(ASKING, ANSWERED))),
    page("cards", "saved", v.FeedView(posts=(LINKING, ELSEWHERE))),
    page("quotes", "saved", v.FeedView(posts=(QUOTING, UNQUOTED))),
    page("saved-empty", "saved", v.FeedView(posts=())),
    page("tag-followed", "tag", v.FeedView(posts=(OPEN,), title="#gehaeuse", follow_url="/f", following=True)),
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
)
