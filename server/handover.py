"""The findings of a check of a partner's server in words: what is so, and what to do where it is not well."""

from collections.abc import Callable

from msgspec import Struct

from federation.handover import Finding, Grade, Step
from server.i18n import N_
from server.i18n import gettext as _

Words = tuple[str, str]
_WORDS: dict[tuple[Step, str], Words] = {
    (Step.ADMITTED, "admitted"): (N_("%(host)s is admitted here."), ""),
    (Step.ADMITTED, "open"): (N_("%(host)s may talk with us, because the mode is open to all."), ""),
    (Step.ADMITTED, "unknown"): (
        N_("%(host)s is not admitted here, so nothing was tried."),
        N_("Admit it: on the page of your partners, or with kontor partner admit %(host)s"),
    ),
    (Step.ADMITTED, "suspended"): (
        N_("%(host)s is suspended here, so nothing was tried."),
        N_("Admit it again, if all is well between you."),
    ),
    (Step.REACHED, "reached"): (N_("Its server answers."), ""),
    (Step.REACHED, "dns"): (
        N_("No server has the name %(host)s."),
        N_("Check the spelling, and that the name is known outside their house."),
    ),
    (Step.REACHED, "connect"): (
        N_("Nothing answers at %(host)s."),
        N_("Their server is down, or a firewall stands between: ask them to let us in on port 443."),
    ),
    (Step.REACHED, "tls"): (
        N_("The certificate of %(host)s does not hold."),
        N_("They have to renew it, or to send the whole chain."),
    ),
    (Step.REACHED, "timeout"): (
        N_("%(host)s did not answer in time."),
        N_("Try again later; if it stays so, ask them about the load of their server."),
    ),
    (Step.REACHED, "forbidden"): (
        N_("%(host)s leads to an address that we do not go to (%(detail)s)."),
        N_("If their server is inside your own network on purpose, name that network in the configuration."),
    ),
    (Step.REACHED, "broken"): (
        N_("Its server answers with a fault (HTTP %(status)s)."),
        N_("They find the reason in their log."),
    ),
    (Step.DESCRIBED, "nameless"): (
        N_("It does not say which software it runs."),
        N_("We send groups in both forms until we know better; nothing needs to be done."),
    ),
    (Step.DESCRIBED, "forum"): (N_("It runs %(software)s and reads groups as we send them."), ""),
    (Step.DESCRIBED, "microblog"): (
        N_("It runs %(software)s, which shows nothing that a partner group passes on."),
        N_("Let the group send copies to this partner, on its page."),
    ),
    (Step.DESCRIBED, "spoken_to"): (
        N_("It runs %(software)s; our partner groups send it copies in their own name."),
        "",
    ),
    (Step.DESCRIBED, "mixed"): (N_("It runs %(software)s; groups are sent in both forms."), ""),
    (Step.DESCRIBED, "unknown"): (N_("It runs %(software)s; groups are sent in both forms."), ""),
    (Step.TAKES, "both"): (N_("It takes what we send, signed in either form."), ""),
    (Step.TAKES, "one"): (N_("It takes what we send, signed as %(forms)s (%(answers)s)."), ""),
    (Step.TAKES, "held_back"): (
        N_("Nothing was sent: %(host)s is not admitted here any more."),
        N_("Admit it again, if all is well between you."),
    ),
    (Step.TAKES, "halted"): (
        N_("Nothing was sent: all deliveries are halted here."),
        N_("Let them go on first: on the page “Deliveries”, or with kontor federation resume"),
    ),
    (Step.TAKES, "turned_away"): (
        N_("It does not talk with us (%(answers)s)."),
        N_("Their admin must admit this server: %(own)s"),
    ),
    (Step.TAKES, "no_door"): (
        N_("There is no inbox for all at %(host)s/inbox (%(answers)s), and we know nobody's there."),
        N_("Look for somebody there by address, then check again. If it stays so, their admin must admit %(own)s."),
    ),
    (Step.TAKES, "picky"): (
        N_("It read what we sent and did not like it (%(answers)s), as some do with what means nothing."),
        N_("If what is written here arrives there, all is well."),
    ),
    (Step.TAKES, "not_believed"): (
        N_("It does not believe our signature (%(answers)s)."),
        N_("Their server must be able to reach %(own)s to fetch our key; compare the clocks of both."),
    ),
    (Step.TAKES, "silent"): (
        N_("Its inbox does not answer (%(answers)s)."),
        N_("Ask them whether %(host)s/inbox is served to the outside."),
    ),
    (Step.TAKES, "broken"): (
        N_("Its inbox answers with a fault (%(answers)s)."),
        N_("They find the reason in their log."),
    ),
    (Step.SHOWS, "both"): (N_("It shows us its people, asked in either form of signature."), ""),
    (Step.SHOWS, "one"): (N_("It shows us its people, asked as %(forms)s (%(answers)s)."), ""),
    (Step.SHOWS, "nobody"): (
        N_("We know nobody there yet whom we could ask for."),
        N_("Look for one of their groups by its address, then check again."),
    ),
    (Step.SHOWS, "turned_away"): (
        N_("It does not show us whom we know there (%(answers)s)."),
        N_("Their admin must admit this server: %(own)s"),
    ),
    (Step.SHOWS, "not_believed"): (
        N_("It does not believe our signature when we ask (%(answers)s)."),
        N_("Their server must be able to reach %(own)s to fetch our key; compare the clocks of both."),
    ),
    (Step.SHOWS, "silent"): (N_("It did not answer when we asked (%(answers)s)."), N_("Try again later.")),
    (Step.SHOWS, "broken"): (
        N_("It answers our question with a fault (%(answers)s)."),
        N_("They find the reason in their log."),
    ),
    (Step.GROUPS, "shared"): (N_("Groups of ours open to them: %(groups)s. Their people in them: %(people)s."), ""),
    (Step.GROUPS, "none"): (N_("No group of ours is open to them."), N_("Open one on the partner's page.")),
    (Step.GROUPS, "nobody"): (
        N_("Groups of ours open to them: %(groups)s. Nobody of theirs has joined yet."),
        N_("Tell them the address of the group: they look it up on their side and join."),
    ),
    (Step.QUEUE, "flowing"): (N_("Nothing is stuck: %(queued)s on the way, %(failed)s given up."), ""),
    (Step.QUEUE, "waiting"): (
        N_("%(queued)s wait for them, %(failed)s were given up: %(error)s"),
        N_("Once the steps above are well, try again now on the partner's page."),
    ),
}


class Remark(Struct, frozen=True):
    """A finding as people read it; `fix` is empty where nothing is to be done."""

    grade: Grade
    sentence: str
    fix: str = ""


def worded(finding: Finding, *, own: str, say: Callable[[str], str] = _) -> Remark:
    """The finding in the language of the request; `own` is the host of this server."""
    sentence, fix = _WORDS[finding.step, finding.what]
    facts = {"host": "", "forms": "", "answers": "", "own": own, **finding.facts}
    return Remark(finding.grade, say(sentence) % facts, say(fix) % facts if fix else "")
