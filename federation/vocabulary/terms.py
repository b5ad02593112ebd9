"""Constants of ActivityStreams and the `@context` of what we send."""

import json
from collections.abc import Iterable
from functools import lru_cache

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
AS_JSON = "application/activity+json"
AS_CONTEXT = "https://www.w3.org/ns/activitystreams"
LD_JSON = f'application/ld+json; profile="{AS_CONTEXT}"'
ACCEPT = f"{AS_JSON}, {LD_JSON}"
SECURITY_CONTEXT = "https://w3id.org/security/v1"

Document = dict[str, object]

NAMESPACES = {
    "as": f"{AS_CONTEXT}#",
    "toot": "http://joinmastodon.org/ns#",
    "schema": "http://schema.org#",
    "lemmy": "https://join-lemmy.org/ns#",
    "gts": "https://gotosocial.org/ns#",
    "litepub": "http://litepub.social/ns#",
    "misskey": "https://misskey-hub.net/ns#",
    "sec": "https://w3id.org/security#",
    "fep": "https://w3id.org/fep/",
}


def _id(iri: str) -> Document:
    return {"@id": iri, "@type": "@id"}


TERMS: dict[str, object] = {
    **{name: f"as:{name}" for name in ("Hashtag", "sensitive", "manuallyApprovesFollowers", "quoteUrl")},
    **{name: _id(f"as:{name}") for name in ("movedTo", "alsoKnownAs")},
    **{
        name: f"toot:{name}"
        for name in ("Emoji", "discoverable", "indexable", "blurhash", "votersCount", "suspended", "memorial")
    },
    **{name: _id(f"toot:{name}") for name in ("featured", "featuredTags", "attributionDomains")},
    "focalPoint": {"@id": "toot:focalPoint", "@container": "@list"},
    **{name: f"schema:{name}" for name in ("PropertyValue", "value")},
    **{
        name: f"lemmy:{name}"
        for name in (
            "postingRestrictedToMods",
            "stickied",
            "commentsEnabled",
            "moderators",
            "distinguished",
            "removeData",
        )
    },
    **{
        name: _id(f"gts:{name}")
        for name in (
            "interactionPolicy",
            "canQuote",
            "canReply",
            "canLike",
            "canAnnounce",
            "automaticApproval",
            "manualApproval",
            "interactingObject",
            "interactionTarget",
            "approvedBy",
        )
    },
    **{name: _id(f"fep:044f#{name}") for name in ("quote", "quoteAuthorization")},
    **{name: f"fep:044f#{name}" for name in ("QuoteRequest", "QuoteAuthorization")},
    "_misskey_quote": "misskey:_misskey_quote",
    "quoteUri": "http://fedibird.com/ns#quoteUri",
    "EmojiReact": "litepub:EmojiReact",
    "implements": {"@id": "fep:844e/implements", "@type": "@id", "@container": "@list"},
    "webfinger": "https://purl.archive.org/socialweb/webfinger#webfinger",
    "contextHistory": _id("fep:171b/contextHistory"),
    # Controlled identifiers and integrity proofs, spelled out: a context of their own makes one server refuse us.
    **{name: f"sec:{name}" for name in ("Multikey", "DataIntegrityProof")},
    **{name: _id(f"sec:{name}") for name in ("assertionMethod", "controller", "verificationMethod")},
    "cryptosuite": {"@id": "sec:cryptosuite", "@type": "sec:cryptosuiteString"},
    "proofPurpose": {"@id": "sec:proofPurpose", "@type": "@vocab"},
    "proof": {"@id": "sec:proof", "@type": "@id", "@container": "@graph"},
    **{name: {"@id": f"sec:{name}", "@type": "sec:multibase"} for name in ("proofValue", "publicKeyMultibase")},
}
"""What each term beyond the two base contexts means."""


@lru_cache(maxsize=256)
def _context(terms: frozenset[str]) -> tuple[object, ...]:
    used = {term: TERMS[term] for term in sorted(terms)}
    text = json.dumps(used)
    prefixes = {prefix: iri for prefix, iri in NAMESPACES.items() if f'"{prefix}:' in text}
    return (AS_CONTEXT, SECURITY_CONTEXT, {**prefixes, **used})


def context(terms: Iterable[str] = ()) -> list[object]:
    """The `@context` of a document that uses these terms beside the base ones: two addresses and at most one object.

    Short on purpose: some servers read it against a fixed list and refuse what they do not know.

    Raises:
        KeyError: a term that `TERMS` does not define.
    """
    base, security, used = _context(frozenset(terms))
    return [base, security, used] if used else [base, security]
