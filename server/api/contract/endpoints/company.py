"""The instance, applications, and how a client finds its way in."""

from typing import Any

from server.api.contract.company import (
    Activity,
    DomainBlock,
    Embedded,
    ExtendedDescription,
    Instance,
    InstanceV1,
    PrivacyPolicy,
    Rule,
    TermsOfService,
)
from server.api.contract.discovery import AuthorizationServer, HostMeta, NodeInfo, NodeInfoIndex, WebFinger
from server.api.contract.kinds import Nothing
from server.api.contract.people import Application, CredentialApplication, CustomEmoji, Tag, Token, UserInfo
from server.api.contract.posts import Status, TrendsLink
from server.api.contract.promises import STEPS, Promise, get, needed, number, post, text, texts

_CLIENT = (text("client_id"), text("client_secret"))

ENDPOINTS: tuple[Promise, ...] = (
    get("/api/openapi.json", dict[str, Any]),
    get("/api/v2/instance", Instance),
    get("/api/v1/instance", InstanceV1),
    get("/api/v1/instance/peers", list[str]),
    get("/api/v1/instance/activity", list[Activity]),
    get("/api/v1/instance/rules", list[Rule]),
    get("/api/v1/instance/domain_blocks", list[DomainBlock]),
    get("/api/v1/instance/extended_description", ExtendedDescription),
    get("/api/v1/instance/privacy_policy", PrivacyPolicy),
    get("/api/v1/instance/terms_of_service", TermsOfService),
    get("/api/v1/instance/terms_of_service/{}", TermsOfService),
    get("/api/v1/instance/translation_languages", dict[str, list[str]]),
    get("/api/v1/instance/languages", list[dict[str, str]]),
    get("/api/v1/custom_emojis", list[CustomEmoji]),
    get("/api/oembed", Embedded, needed(text("url")), number("maxwidth"), number("maxheight"), text("format", "json")),
    get("/health", None),
    get("/oauth/userinfo", UserInfo),
    get("/api/v1/trends", list[Tag], *STEPS),
    get("/api/v1/trends/tags", list[Tag], *STEPS),
    get("/api/v1/trends/statuses", list[Status], *STEPS),
    get("/api/v1/trends/links", list[TrendsLink], *STEPS),
    post(
        "/api/v1/apps",
        CredentialApplication,
        needed(text("client_name")),
        needed(texts("redirect_uris")),
        text("scopes"),
        text("scope"),
        text("website"),
    ),
    get("/api/v1/apps/verify_credentials", Application),
    # OAuth and discovery
    Promise(
        "GET",
        "/oauth/authorize",
        {200: None, 302: None, 303: None},
        (
            needed(text("client_id")),
            needed(text("redirect_uri")),
            needed(text("response_type", "code")),
            text("scope"),
            text("state"),
            text("code_challenge"),
            text("code_challenge_method", "S256"),
        ),
    ),
    Promise("POST", "/oauth/authorize", {200: None, 302: None, 303: None}),
    post(
        "/oauth/token",
        Token,
        needed(text("grant_type", "authorization_code", "client_credentials")),
        text("code"),
        text("redirect_uri"),
        text("scope"),
        text("code_verifier"),
        *_CLIENT,
    ),
    post("/oauth/revoke", Nothing, text("token"), *_CLIENT),
    get("/.well-known/oauth-authorization-server", AuthorizationServer),
    get("/.well-known/webfinger", WebFinger, needed(text("resource"))),
    get("/.well-known/host-meta", None),
    get("/.well-known/host-meta.json", HostMeta),
    get("/.well-known/nodeinfo", NodeInfoIndex),
    get("/nodeinfo/{}", NodeInfo),
)
