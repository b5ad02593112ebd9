"""Why a document is not what it claims to be, and why one of ours is not made."""

from federation.errors import ProtocolError


class DocumentRefused(ProtocolError):
    """The document cannot be accepted."""

    code = "document_refused"
    status = 422


class NotAnActor(DocumentRefused):
    """The document does not describe somebody this server could talk with."""

    code = "not_an_actor"


class NotAPost(DocumentRefused):
    """The document is nothing this server shows as a post."""

    code = "not_a_post"


class WrongOrigin(DocumentRefused):
    """The document names something of another server as its own."""

    code = "wrong_origin"
    status = 403


class StaysHere(ProtocolError):
    """This must not leave the house."""

    code = "stays_here"
    status = 404
