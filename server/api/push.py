"""Web Push: where an app wants to be told, of what, and of whose doings; one subscription for each token."""

from typing import Any

from aiohttp import web

from federation.addresses import AddressRules
from federation.fetch import FetchFailed, FetchRefused
from federation.push.encryption import BadSubscriber, Subscriber
from federation.vocabulary import BadUrl, checked_url
from federation.wire import WIRE
from models import egress, pushes
from models.errors import Invalid, NotAllowed, NotFound
from models.pushes import Of, Wish
from models.tables import PushSubscription
from server import push
from server.api import answers
from server.api.params import BadValue, Params
from server.api.routing import Call, Routes
from server.context import DATABASE

routes = Routes()

ALERTS = (
    "mention",
    "quote",
    "status",
    "reblog",
    "follow",
    "follow_request",
    "favourite",
    "poll",
    "update",
    "quoted_update",
    "admin.sign_up",
    "admin.report",
)
_MOST = 2000


class NothingIsPushed(NotAllowed):
    """This company tells no apps through push services."""

    code = "nothing_is_pushed"


class BadEndpoint(Invalid):
    """Nothing can be pushed to this address."""

    code = "bad_endpoint"


class ServiceNotAllowed(NotAllowed):
    """This company does not use that push service."""

    code = "push_service_not_allowed"


@routes.post("/api/v1/push/subscription", "push")
async def subscribe(call: Call) -> web.Response:
    """Tell this app from now on, in the place of what it had wanted before."""
    wish = _wish(call)
    data = call.params.table("data") or Params()
    alerts, policy = _alerts(data, {}), _policy(data, Of.ALL)
    await _check_address(call, wish.endpoint)
    async with call.writing() as session:
        made = await pushes.subscribe(
            session, wish, by=call.staff, token_id=call.token_id or 0, alerts=_chosen(alerts), policy=policy
        )
    return await _answer(call, made)


@routes.get("/api/v1/push/subscription", "push")
async def show(call: Call) -> web.Response:
    async with call.reading() as session:
        found = await pushes.of_token(session, call.token_id or 0)
    if found is None:
        raise NotFound
    return await _answer(call, found)


@routes.put("/api/v1/push/subscription", "push")
async def change(call: Call) -> web.Response:
    """Change of what this app is told; the alerts are set anew, as Mastodon does."""
    data = call.params.table("data") or Params()
    async with call.writing() as session:
        found = await pushes.of_token(session, call.token_id or 0)
        if found is None:
            raise NotFound
        if data.has("alerts"):
            found.alerts = _chosen(_alerts(data, {}))
        found.policy = _policy(data if data.has("policy") else call.params, Of(found.policy))
    return await _answer(call, found)


@routes.delete("/api/v1/push/subscription", "push")
async def unsubscribe(call: Call) -> web.Response:
    async with call.writing() as session:
        await pushes.unsubscribe(session, call.token_id or 0)
    return answers.answer({})


def _wish(call: Call) -> Wish:
    sent = call.params.table("subscription") or Params()
    keys = sent.table("keys") or Params()
    p256dh, auth = keys.text("p256dh"), keys.text("auth")
    try:
        Subscriber.parse(p256dh, auth)
    except BadSubscriber:
        raise BadValue(field="keys") from None
    return Wish(
        endpoint=sent.text("endpoint").strip(), p256dh=p256dh, auth=auth, is_standard=sent.flag("standard", False)
    )


async def _check_address(call: Call, endpoint: str) -> None:
    """R-32: an address we may push to, by its form, by its name, and by what that stands for now."""
    config = call.config
    rules = AddressRules(insecure_hosts=config.development.insecure_hosts, allowed_networks=config.private_networks)
    try:
        at = checked_url(endpoint, insecure=rules.insecure_hosts)
    except BadUrl:
        raise BadEndpoint(field="endpoint") from None
    if len(endpoint) > _MOST or not rules.permits_url(at):
        raise BadEndpoint(field="endpoint")
    allowed = call.app[DATABASE].instance.push
    if not allowed.enabled:
        raise NothingIsPushed
    if not egress.is_push_service(allowed, at.origin.authority):
        raise ServiceNotAllowed(host=at.host)
    wire = call.app.get(WIRE)
    if wire is not None:
        try:
            await wire.fetcher.judge(endpoint)
        except FetchRefused:
            raise BadEndpoint(field="endpoint") from None
        except FetchFailed:
            return  # its name is not known just now: sending looks again


def _alerts(data: Params, before: dict[str, bool]) -> dict[str, bool]:
    sent = data.table("alerts") or Params()
    return {name: sent.flag(name, before.get(name, False)) for name in ALERTS}


def _chosen(alerts: dict[str, bool]) -> list[str]:
    return [name for name, wanted in alerts.items() if wanted]


def _policy(sent: Params, before: Of) -> Of:
    word = sent.text("policy", str(before))
    if word not in list(Of):
        raise BadValue(field="policy")
    return Of(word)


async def _answer(call: Call, found: PushSubscription) -> web.Response:
    body: dict[str, Any] = {
        "id": found.id,
        "endpoint": found.endpoint,
        "standard": found.is_standard,
        "alerts": {name: name in found.alerts for name in ALERTS},
        "server_key": await push.public_key(call.app),
        "policy": str(found.policy),
    }
    return answers.answer(body)
