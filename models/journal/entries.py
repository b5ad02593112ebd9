"""What can happen: every kind of entry, in plain values."""

from typing import ClassVar

from msgspec import Struct

KINDS: dict[str, type["Entry"]] = {}


class Entry(Struct, frozen=True):
    """Base of all entries; a subclass holds plain values and is frozen."""

    kind: ClassVar[str]

    def __init_subclass__(cls) -> None:
        cls.kind = cls.__name__
        KINDS[cls.kind] = cls


class PostWritten(Entry, frozen=True):
    """A post is there for the house: written here, or come from elsewhere. Boosts too.

    `is_quiet`: it names nobody, answers nothing and boosts nothing, so that only those who wait for posts of its author
    have to be told of it.
    """

    post_id: int
    is_quiet: bool = False
    author_id: int | None = None


class PostEdited(Entry, frozen=True):
    post_id: int
    revision: int


class PostReleased(Entry, frozen=True):
    """A revision may leave: at once, or because a gatekeeper approved it.

    `is_quiet`: it is the first one, in no group, names nobody, answers and quotes nothing, so that nobody gets it but
    who follows its author.
    """

    post_id: int
    revision: int
    is_quiet: bool = False
    author_id: int | None = None


class PostRefreshed(Entry, frozen=True):
    """What hangs on a post changed and its text did not: votes were counted, a quote was allowed or is no more."""

    post_id: int


class PostDeleted(Entry, frozen=True):
    """A post is gone; `undoes` names the activity to undo when it was a boost."""

    post_id: int
    uri: str
    undoes: str = ""


class PostPinned(Entry, frozen=True):
    """Somebody of ours put a post on top of their profile, or took it down (`is_undone`)."""

    actor_id: int
    post_id: int
    is_undone: bool = False


class PostSubmitted(Entry, frozen=True):
    """A revision waits for a gatekeeper."""

    post_id: int
    revision: int


class PostDecided(Entry, frozen=True):
    """A gatekeeper approved or returned a revision."""

    approval_id: int


class GroupDistributes(Entry, frozen=True):
    """A group of ours passes on an activity that came from elsewhere."""

    group_id: int
    received_id: int
    post_id: int | None = None


class Forwards(Entry, frozen=True):
    """An activity from elsewhere goes on, as it came, to the followers of one of ours (ActivityPub §7.1.2)."""

    actor_id: int
    received_id: int
    object_uri: str


class DependencyFailed(Entry, frozen=True):
    """A server would not take an activity because it cannot get what is inside from where that comes (HTTP 424)."""

    activity_id: int
    inbox: str
    host: str


class Liked(Entry, frozen=True):
    actor_id: int
    post_id: int
    uri: str


class Unliked(Entry, frozen=True):
    actor_id: int
    post_id: int
    uri: str


class InteractionRefused(Entry, frozen=True):
    """The author of a post of ours does not permit what somebody elsewhere did with it under the id `uri`."""

    by_id: int
    to_id: int
    uri: str


class Quoted(Entry, frozen=True):
    """A post quotes another, and may."""

    consent_id: int


class QuoteAnswered(Entry, frozen=True):
    """Somebody elsewhere asked to quote a post of ours, and has the answer."""

    consent_id: int
    to_id: int


class QuoteRevoked(Entry, frozen=True):
    """An author of ours takes back that a post may quote theirs."""

    consent_id: int


class ForwardedRevocation(Entry, frozen=True):
    """Whoever a post of ours quotes took their consent back: those who have the post get to see that they did."""

    post_id: int
    received_id: int


class Voted(Entry, frozen=True):
    """Somebody of ours answered a poll, here or elsewhere."""

    poll_id: int
    actor_id: int


class PollOver(Entry, frozen=True):
    """The time of a poll is over, here or elsewhere."""

    poll_id: int


class FollowAsked(Entry, frozen=True):
    """Somebody of ours wants to follow somebody elsewhere, or the other way round."""

    follow_id: int


class FollowAccepted(Entry, frozen=True):
    follow_id: int


class FollowEnded(Entry, frozen=True):
    """Unfollowed by the follower, or refused by the followed one (`refused`)."""

    follower_id: int
    followee_id: int
    uri: str
    refused: bool = False


class JoinAsked(Entry, frozen=True):
    membership_id: int


class Joined(Entry, frozen=True):
    membership_id: int


class Left(Entry, frozen=True):
    """Somebody left a group, or was refused or removed by it (`refused`)."""

    group_id: int
    actor_id: int
    uri: str
    refused: bool = False


class Invited(Entry, frozen=True):
    membership_id: int


class Moderated(Entry, frozen=True):
    """Somebody who keeps a group in order did something in it, or took it back (`is_undone`).

    `act` is remove, ban, pin, lock or moderator. `is_passed_on`: their activity came here, and goes on as it came.
    """

    act: str
    group_id: int
    by_id: int
    post_id: int | None = None
    actor_id: int | None = None
    is_undone: bool = False
    is_passed_on: bool = False
    uri: str = ""


class Reported(Entry, frozen=True):
    """Somebody, here or elsewhere, reported somebody to those in charge."""

    report_id: int


class ActorChanged(Entry, frozen=True):
    """A profile or a group's description changed."""

    actor_id: int


class PartnerChanged(Entry, frozen=True):
    partner_id: int
    host: str


class Notified(Entry, frozen=True):
    notification_id: int
    account_id: int


class SchedulingFailed(Entry, frozen=True):
    """A post could not be published at its time; it is kept, and its author decides."""

    scheduled_id: int


class NotificationsMerged(Entry, frozen=True):
    """What waited for somebody is told now: they let in whom it came from."""

    account_id: int


class HearingChanged(Entry, frozen=True):
    """Somebody changed whom they hear: they mute somebody, or want nothing from a server, or no longer so."""

    account_id: int


class Severed(Entry, frozen=True):
    """Somebody lost followers, or whom they followed, because a server was blocked."""

    severance_id: int


class FiltersChanged(Entry, frozen=True):
    """Somebody changed what they do not want to be shown."""

    account_id: int


class Announced(Entry, frozen=True):
    """The house tells all its people something, or tells it anew."""

    announcement_id: int


class AnnouncementReacted(Entry, frozen=True):
    """Somebody put a sign under an announcement, or took it away."""

    announcement_id: int
    name: str


class AnnouncementOver(Entry, frozen=True):
    """An announcement is no more: its time is over, or it was taken back."""

    announcement_id: int


class HomeSorted(Entry, frozen=True):
    """Somebody follows other hashtags now, or has others in lists that are kept apart from their home timeline."""

    account_id: int


class AccessEnded(Entry, frozen=True):
    """An account was disabled or has another role, or a token or sign-in ended: open streams of it must close."""

    account_id: int
    token_id: int | None = None
