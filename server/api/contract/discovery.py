"""How clients find their way in: OAuth, and what is said of the server below `.well-known`."""

from typing import Any, Literal

from server.api.contract.kinds import UNSET, Left, Open, Url


class Link(Open):
    rel: str
    href: str | Left = UNSET
    template: str | Left = UNSET
    type: str | Left = UNSET


class WebFinger(Open):
    subject: str
    links: list[Link]


class HostMeta(Open):
    links: list[Link]


class NodeInfoIndex(Open):
    links: list[Link]


class Software(Open):
    name: str
    version: str


class NodeInfo(Open):
    version: Literal["2.0", "2.1"]
    software: Software
    protocols: list[str]
    usage: dict[str, Any]
    openRegistrations: bool  # noqa: N815 - the name in the document


class AuthorizationServer(Open):
    issuer: Url
    authorization_endpoint: Url
    token_endpoint: Url
    revocation_endpoint: Url
    scopes_supported: list[str]
    response_types_supported: list[str]
    grant_types_supported: list[str]
    code_challenge_methods_supported: list[str]
