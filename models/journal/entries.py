"""What can happen: every kind of entry, in plain values."""

from dataclasses import dataclass
from typing import ClassVar

KINDS: dict[str, type["Entry"]] = {}


@dataclass(frozen=True, slots=True)
class Entry:
    """Base of all entries; a subclass is a frozen dataclass of plain values."""

    kind: ClassVar[str]

    def __init_subclass__(cls) -> None:
        cls.kind = cls.__name__
        KINDS[cls.kind] = cls


@dataclass(frozen=True, slots=True)
class PostWritten(Entry):
    """A post is there for the house: written here, or come from elsewhere. Boosts too.

    `is_quiet`: it names nobody, answers nothing and boosts nothing, so that only those who wait for posts of its author
    have to be told of it.
    """

    post_id: int
    is_quiet: bool = False
    author_id: int | None = None


@dataclass(frozen=True, slots=True)
class PostEdited(Entry):
    post_id: int
    revision: int


@dataclass(frozen=True, slots=True)
class PostReleased(Entry):
    """A revision may leave: at once, or because a gatekeeper approved it.

    `is_quiet`: it is the first one, in no group, names nobody, answers and quotes nothing, so that nobody gets it but
    who follows its author.
    """

    post_id: int
    revision: int
    is_quiet: bool = False
    author_id: int | None = None


@dataclass(frozen=True, slots=True)
class PostRefreshed(Entry):
    """What hangs on a post changed and its text did not: votes were counted, a quote was allowed or is no more."""

    post_id: int


@dataclass(frozen=True, slots=True)
class PostDeleted(Entry):
    """A post is gone; `undoes` names the activity to undo when it was a boost."""

    post_id: int
    uri: str
    undoes: str = ""


@dataclass(frozen=True, slots=True)
class PostPinned(Entry):
    """Somebody of ours put a post on top of their profile, or took it down (`is_undone`)."""

    actor_id: int
    post_id: int
    is_undone: bool = False


@dataclass(frozen=True, slots=True)
class PostSubmitted(Entry):
    """A revision waits for a gatekeeper."""

    post_id: int
    revision: int


@dataclass(frozen=True, slots=True)
class PostDecided(Entry):
    """A gatekeeper approved or returned a revision."""

    approval_id: int


@dataclass(frozen=True, slots=True)
class GroupDistributes(Entry):
    """A group of ours passes on an activity that came from elsewhere."""

    group_id: int
    received_id: int
    post_id: int | None = None


@dataclass(frozen=True, slots=True)
class Forwards(Entry):
    """An activity from elsewhere goes on, as it came, to the followers of one of ours (ActivityPub §7.1.2)."""

    actor_id: int
    received_id: int
    object_uri: str


@dataclass(frozen=True, slots=True)
class DependencyFailed(Entry):
    """A server would not take an activity because it cannot get what is inside from where that comes (HTTP 424)."""

    activity_id: int
    inbox: str
    host: str


@dataclass(frozen=True, slots=True)
class Liked(Entry):
    actor_id: int
    post_id: int
    uri: str


@dataclass(frozen=True, slots=True)
class Unliked(Entry):
    actor_id: int
    post_id: int
    uri: str


@dataclass(frozen=True, slots=True)
class InteractionRefused(Entry):
    """The author of a post of ours does not permit what somebody elsewhere did with it under the id `uri`."""

    by_id: int
    to_id: int
    uri: str


@dataclass(frozen=True, slots=True)
class Quoted(Entry):
    """A post quotes another, and may."""

    consent_id: int


@dataclass(frozen=True, slots=True)
class QuoteAnswered(Entry):
    """Somebody elsewhere asked to quote a post of ours, and has the answer."""

    consent_id: int
    to_id: int


@dataclass(frozen=True, slots=True)
class QuoteRevoked(Entry):
    """An author of ours takes back that a post may quote theirs."""

    consent_id: int


@dataclass(frozen=True, slots=True)
class ForwardedRevocation(Entry):
    """Whoever a post of ours quotes took their consent back: those who have the post get to see that they did."""

    post_id: int
    received_id: int


@dataclass(frozen=True, slots=True)
class Voted(Entry):
    """Somebody of ours answered a poll, here or elsewhere."""

    poll_id: int
    actor_id: int


@dataclass(frozen=True, slots=True)
class PollOver(Entry):
    """The time of a poll is over, here or elsewhere."""

    poll_id: int


@dataclass(frozen=True, slots=True)
class FollowAsked(Entry):
    """Somebody of ours wants to follow somebody elsewhere, or the other way round."""

    follow_id: int


@dataclass(frozen=True, slots=True)
class FollowAccepted(Entry):
    follow_id: int


@dataclass(frozen=True, slots=True)
class FollowEnded(Entry):
    """Unfollowed by the follower, or refused by the followed one (`refused`)."""

    follower_id: int
    followee_id: int
    uri: str
    refused: bool = False


@dataclass(frozen=True, slots=True)
class JoinAsked(Entry):
    membership_id: int


@dataclass(frozen=True, slots=True)
class Joined(Entry):
    membership_id: int


@dataclass(frozen=True, slots=True)
class Left(Entry):
    """Somebody left a group, or was refused or removed by it (`refused`)."""

    group_id: int
    actor_id: int
    uri: str
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Invited(Entry):
    membership_id: int


@dataclass(frozen=True, slots=True)
class Moderated(Entry):
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


@dataclass(frozen=True, slots=True)
class Reported(Entry):
    """Somebody, here or elsewhere, reported somebody to those in charge."""

    report_id: int


@dataclass(frozen=True, slots=True)
class ActorChanged(Entry):
    """A profile or a group's description changed."""

    actor_id: int


@dataclass(frozen=True, slots=True)
class PartnerChanged(Entry):
    partner_id: int
    host: str


@dataclass(frozen=True, slots=True)
class Notified(Entry):
    notification_id: int
    account_id: int


@dataclass(frozen=True, slots=True)
class SchedulingFailed(Entry):
    """A post could not be published at its time; it is kept, and its author decides."""

    scheduled_id: int


@dataclass(frozen=True, slots=True)
class NotificationsMerged(Entry):
    """What waited for somebody is told now: they let in whom it came from."""

    account_id: int


@dataclass(frozen=True, slots=True)
class HearingChanged(Entry):
    """Somebody changed whom they hear: they mute somebody, or want nothing from a server, or no longer so."""

    account_id: int


@dataclass(frozen=True, slots=True)
class Severed(Entry):
    """Somebody lost followers, or whom they followed, because a server was blocked."""

    severance_id: int


@dataclass(frozen=True, slots=True)
class FiltersChanged(Entry):
    """Somebody changed what they do not want to be shown."""

    account_id: int


@dataclass(frozen=True, slots=True)
class Announced(Entry):
    """The house tells all its people something, or tells it anew."""

    announcement_id: int


@dataclass(frozen=True, slots=True)
class AnnouncementReacted(Entry):
    """Somebody put a sign under an announcement, or took it away."""

    announcement_id: int
    name: str


@dataclass(frozen=True, slots=True)
class AnnouncementOver(Entry):
    """An announcement is no more: its time is over, or it was taken back."""

    announcement_id: int


@dataclass(frozen=True, slots=True)
class HomeSorted(Entry):
    """Somebody follows other hashtags now, or has others in lists that are kept apart from their home timeline."""

    account_id: int


@dataclass(frozen=True, slots=True)
class AccessEnded(Entry):
    """An account was disabled or has another role, or a token or sign-in ended: open streams of it must close."""

    account_id: int
    token_id: int | None = None
