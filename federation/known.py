"""What the wire remembers of others: whose a key is, and how a server wants to be asked."""

from msgspec import Struct
from msgspec.structs import replace

from federation.keys import Signer
from federation.signatures import Form, PublicKey, Wish


class KnownKey(Struct, frozen=True):
    """A public key and whose it is. `text` is how it is stored; `is_server` when its owner is no person or group."""

    uri: str
    text: str
    public: PublicKey
    actor_id: int
    actor_uri: str
    host: str
    is_server: bool


class Manner(Struct, frozen=True):
    """How a GET is signed."""

    form: Form = "cavage"
    digest: bool = False
    with_query: bool = True

    def of(self, signer: Signer, wish: Wish | None = None) -> Signer:
        return replace(signer, form=self.form, digest=self.digest, with_query=self.with_query, wish=wish)
