"""What cannot be done with a group, in words for people."""

from models.errors import Conflict, Invalid, NotAllowed


class NotAMember(NotAllowed):
    """Join the group first: only its members post in it."""

    code = "not_a_member"


class GroupClosed(NotAllowed):
    """This group is closed: ask its owner for an invitation."""

    code = "group_closed"


class ReachNotConfirmed(Conflict):
    """More people would read this group: confirm the new reach in so many words."""

    code = "reach_not_confirmed"


class NoGatekeeper(Invalid):
    """Nobody could approve anything: name a gatekeeper for this group first."""

    code = "no_gatekeeper"


class Banned(NotAllowed):
    """Whoever is banned from a group takes no part in it until the ban is lifted."""

    code = "banned"


class OwnerStays(NotAllowed):
    """The owner cannot leave: hand the group to somebody else first."""

    code = "owner_stays"
