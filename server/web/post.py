"""One post: its thread, its history, changing and deleting it, thanks, passing on, keeping."""

from aiohttp import web
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from federation.routes import activity_response
from models import approvals, conversations, notifications, policy, reactions
from models.errors import DomainError, NotAllowed, NotFound
from models.polls import of_posts
from models.posts import reading, writing
from models.posts.writing import EditedMeanwhile
from models.tables import Approval, Post, Reach, Verdict, Visibility
from models.viewers import Staff
from server.context import VISITS, acting, config, database, staff, viewer
from server.i18n import gettext as _
from server.web import views
from server.web.answers import framed, local_path, page, see_other
from server.web.drafting import TYPED, draft_of, faults, outsiders_of, pictures_kept, waits_at_the_gate
from server.web.events import events_url
from server.web.forms import Fields, fields, is_on, kept, number, text, uploads, whole
from server.web.presenters import composing, difference, polls, posts
from server.web.presenters.filtering import Place
from server.web.presenters.sight import Sight, sight

routes = web.RouteTableDef()

POST = r"/posts/{post_id:\d+}"


@routes.get(POST, name="post")
async def show(request: web.Request) -> web.StreamResponse:
    """The post with its thread; for visitors what is public of it."""
    answer = await activity_response(request)
    if answer is not None:
        return answer
    looks = sight(request)
    await _mark_seen(request)
    async with database(request).reading() as session:
        post = await reading.one(session, looks.viewer, number(request, "post_id"))
        if post.is_local or looks.staff is None:
            answer = await _shown(request, session, looks, post)
    if answer is None:
        await request.app[VISITS].thread(post)  # its server may know answers that we lack
        async with database(request).reading() as session:
            post = await reading.one(session, looks.viewer, post.id)
            answer = await _shown(request, session, looks, post)
    if looks.staff is not None and post.visibility is Visibility.DIRECT:
        await _mark_read(request, post)
    return answer


async def _shown(request: web.Request, session: AsyncSession, looks: Sight, post: Post) -> web.Response:
    if post.boost_of_id is not None:
        raise web.HTTPSeeOther(looks.url("post", post_id=post.boost_of_id))
    if looks.staff is None:
        return await _for_visitors(request, session, looks, post)
    view = await thread(request, session, looks, post)
    return await page(request, session, looks, "web/post.html", view)


async def thread(request: web.Request, session: AsyncSession, looks: Sight, post: Post) -> views.ThreadView:
    """A post, what it answers and what answers it, each below its parent, with a form to answer."""
    live = events_url(looks, post=post)
    found = await reading.thread(session, looks.viewer, post)
    above, below = posts.arranged(post, found)
    rows = [each for each in (*above, post, *below) if each is not None]
    shown = await posts.present(session, looks, rows, place="thread", opened=post.id)
    by_id = {view.id: view for view in shown}
    main = by_id[str(post.id)]
    may_reply = main.actions.reply_url is not None
    composer = composing.reply_composer(
        looks, main, group_id=post.group_id, gated=post.group is not None and post.group.is_gated
    )
    return views.ThreadView(
        post=main,
        ancestors=_with_gaps(looks, above, by_id),
        replies=_with_gaps(looks, below, by_id),
        composer=composer if may_reply else None,
        events_url=live,
        elsewhere_url="" if post.is_local else post.url or post.uri,
    )


def _with_gaps(looks: Sight, rows: list[Post | None], shown: dict[str, views.PostView]) -> tuple[views.PostView, ...]:
    return tuple(posts.gap(looks, at) if row is None else shown[str(row.id)] for at, row in enumerate(rows))


async def _mark_seen(request: web.Request) -> None:
    """Who opens a post has seen what the inbox says about it; most openings find nothing unread and write nothing."""
    by, post_ids = viewer(request), [number(request, "post_id")]
    if not isinstance(by, Staff):
        return
    async with database(request).reading() as session:
        is_unread = await notifications.has_unread_of(session, by, post_ids)
    if is_unread:
        async with acting(request) as session:
            await notifications.mark_seen(session, by=by, post_ids=post_ids)


async def _mark_read(request: web.Request, message: Post) -> None:
    """Who opens a message has read the conversation."""
    async with database(request).reading() as session:
        thread_id = await conversations.unread_by(session, staff(request), message.id)
    if thread_id is not None:
        async with acting(request) as session:
            await conversations.mark_read(session, thread_id, by=staff(request))


async def _for_visitors(request: web.Request, session: AsyncSession, looks: Sight, post: Post) -> web.Response:
    found = await reading.thread(session, looks.viewer, post)
    _above, below = posts.arranged(post, found)
    shown = await posts.present(session, looks, [post, *(each for each in below if each is not None)])
    view = views.PublicPostView(post=shown[0], replies=shown[1:], address=post.uri)
    return await page(request, session, looks, "web/public_post.html", view)


@routes.get(POST + "/item", name="post-item")
async def piece(request: web.Request) -> web.Response:
    """The post alone, for a page that is open already; drawn as that page draws it."""
    staff(request)
    looks = sight(request)
    async with database(request).reading() as session:
        post = await reading.one(session, looks.viewer, number(request, "post_id"))
        place: Place = "" if "open" in request.query else "home"
        made = await posts.present(session, looks, [post], place=place)
        if not made:  # one of the reader's filters leaves it out of the page
            raise NotFound(post_id=post.id)
        around = await framed(request, session, looks)
        at = replace(around, shell=replace(around.shell, path=local_path(request.query.get("at", "/"))))
        view = views.PostItemView(post=made[0], name_group="group" not in request.query, open="open" in request.query)
        return await page(request, session, looks, "web/post_item.html", view, around=at)


@routes.get(POST + "/history", name="post-history")
async def history(request: web.Request) -> web.Response:
    """Every version, newest first; for colleagues who see the post."""
    staff(request)
    looks = sight(request)
    async with database(request).reading() as session:
        post = await reading.one(session, looks.viewer, number(request, "post_id"))
        shown = (await posts.present(session, looks, [post]))[0]
        decided = await approvals.of_post(session, post.id)
        rows = tuple(
            views.RevisionRow(
                number=revision.number,
                sentence=_("%(name)s wrote this", name=shown.author.name)
                if revision.number == 1
                else _("%(name)s changed it", name=shown.author.name),
                at=looks.moment(revision.created_at),
                text=posts.cleaned(revision.html, own=post.is_local),
                title=revision.title,
                state=_state(post, revision.number, decided.get(revision.number)),  # type: ignore[arg-type]
            )
            for revision in reversed(await reading.history(session, looks.viewer, post))
        )
        view = views.PostHistoryView(post=shown, revisions=rows)
        return await page(request, session, looks, "web/post_history.html", view)


def _state(post: Post, revision: int, approval: Approval | None) -> str:
    if approval is not None and approval.verdict is Verdict.WAITING:
        return "waiting"
    if approval is not None and approval.verdict is Verdict.RETURNED:
        return "returned"
    if post.published_revision == revision and post.reach is not Reach.INTERNAL:
        return "approved"
    return "current" if post.revision == revision else "past"


# Changing


@routes.get(POST + "/edit", name="post-edit")
async def edit(request: web.Request) -> web.Response:
    looks, by = sight(request), staff(request)
    async with database(request).reading() as session:
        post = await reading.one(session, by, number(request, "post_id"))
        if not policy.may_edit(by, post):
            raise NotAllowed
        asked = await of_posts(session, by, [post])
        form = views.Form(
            values={
                "text": post.source,
                "title": post.title,
                "content_warning": post.warning,
                **(polls.typed(asked[post.id].poll) if post.id in asked else composing.untouched(looks).values),
                "language": post.language or looks.locale,
            }
        )
        attached = await reading.files_of(session, post.id, post.revision)
        images = tuple((str(file.media_id), posts.image(looks, file)) for file in attached)
        view = await _form(session, looks, post, form, images)
        return await page(request, session, looks, "web/post_edit.html", view)


async def _form(
    session: AsyncSession,
    looks: Sight,
    post: Post,
    form: views.Form,
    images: tuple[tuple[str, views.ImageView], ...],
) -> views.PostEditView:
    shown = (await posts.present(session, looks, [post]))[0]
    gated = post.group is not None and post.group.is_gated and shown.reach.kind != "internal"
    return views.PostEditView(
        post=shown,
        action=looks.url("post", post_id=post.id),
        form=form,
        revision=post.revision,
        image_alts=images,
        image_slots=max(0, composing.IMAGE_SLOTS - len(images)),
        gated=gated,
        languages=composing.languages(looks),
        durations=polls.durations(as_before=shown.poll is not None),
        max_characters=looks.max_characters,
    )


@routes.post(POST)
async def update(request: web.Request) -> web.Response:
    """Save a new version. What somebody saved meanwhile is not overwritten unseen."""
    by, post_id = staff(request), number(request, "post_id")
    form = await fields(request)
    pictures = await uploads(request, form, most=config(request).media.max_attachments)
    draft = draft_of(form, pictures)
    revision = whole(text(form, "revision"))
    errors: dict[str, str] = {"image": pictures.fault} if pictures.fault else {}
    problem: DomainError | None = None
    waits = False
    if not errors:
        try:
            async with acting(request) as session:
                post = await writing.edit(session, post_id, draft, by=by, revision=revision)
                waits = await waits_at_the_gate(session, post)
        except DomainError as error:
            problem = error
            errors = faults(error)
    if not errors:
        return see_other(request, f"/posts/{post_id}", "resubmitted" if waits else "edited")
    looks = sight(request)
    async with database(request).reading() as session:
        post = await reading.one(session, by, post_id)
        if not policy.may_edit(by, post):
            raise NotAllowed
        typed = views.Form(values=kept(form, TYPED), errors=errors)
        images = composing.keep(looks, await pictures_kept(session, request, pictures))
        view = await _form(session, looks, post, typed, images)
        view = replace(view, outsiders=tuple(outsiders_of(problem)))
        if isinstance(problem, EditedMeanwhile):
            view = replace(view, meanwhile=await difference.between(post.source, text(form, "text")))
        status = problem.status if problem is not None and problem.status != 404 else 422
        return await page(request, session, looks, "web/post_edit.html", view, status=status)


@routes.post(POST + "/deletion", name="post-deletion")
async def delete(request: web.Request) -> web.Response:
    """Take the post back, here and wherever it went."""
    looks, by, post_id = sight(request), staff(request), number(request, "post_id")
    async with database(request).reading() as session:
        post = await reading.one(session, by, post_id)
        goal = looks.url("home")
        if post.reply_to_id is not None:
            goal = looks.url("post", post_id=post.reply_to_id)
        elif post.group is not None:
            goal = looks.actor_url(post.group.actor)
    async with acting(request) as session:
        await writing.delete(session, post_id, by=by)
    return see_other(request, goal, "deleted")


# Thanks, passing on, keeping


@routes.post(POST + "/like", name="post-like")
async def like(request: web.Request) -> web.Response:
    form = await fields(request)
    async with acting(request) as session:
        act = reactions.like if is_on(form, "set") else reactions.unlike
        await act(session, number(request, "post_id"), by=staff(request))
    return _back(request, form)


@routes.post(POST + "/boost", name="post-boost")
async def boost(request: web.Request) -> web.Response:
    form = await fields(request)
    async with acting(request) as session:
        if is_on(form, "set"):
            await writing.boost(session, number(request, "post_id"), by=staff(request))
        else:
            await writing.unboost(session, number(request, "post_id"), by=staff(request))
    return _back(request, form)


@routes.post(POST + "/bookmark", name="post-bookmark")
async def bookmark(request: web.Request) -> web.Response:
    form = await fields(request)
    async with acting(request) as session:
        act = reactions.bookmark if is_on(form, "set") else reactions.unbookmark
        await act(session, number(request, "post_id"), by=staff(request))
    return _back(request, form)


def _back(request: web.Request, form: Fields) -> web.Response:
    return see_other(request, local_path(text(form, "next"), f"/posts/{request.match_info['post_id']}"))
