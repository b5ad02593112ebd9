"""The gate, partners and their servers, the ledger, what was reported."""

from msgspec.structs import replace

from server.web import views as v
from tests.browser.gallery.cast.groups import ITEMS
from tests.browser.gallery.cast.partners import DEPARTURE, FINE, LETTERS, LINES, SERVERS, STOPPED, TROUBLED
from tests.browser.gallery.cast.people import ANNA, DIMITRI, ago
from tests.browser.gallery.cast.posts import POST
from tests.browser.gallery.examples.example import page

REPORT = v.ReportRow(
    url="/reports/1",
    about=DIMITRI,
    at=ago(hours=3),
    reason="Werbung",
    text="Schreibt in jeder Gruppe dasselbe.",
    by=ANNA,
    posts=1,
)

EXAMPLES = (
    page("approvals", "approvals", v.ApprovalsView(items=ITEMS, current=DEPARTURE)),
    page(
        "approvals-own",
        "approvals",
        v.ApprovalsView(
            items=ITEMS,
            current=replace(
                DEPARTURE,
                diff=(),
                recipients=(),
                public=True,
                approve_url=None,
                return_url="/posts/1/return",
                why_not="Du hast den Beitrag geschrieben: jemand anders entscheidet.",
                form=v.Form({}, {"reason": "Bitte nenne einen Grund."}),
            ),
        ),
    ),
    page(
        "approvals-decided",
        "approvals",
        v.ApprovalsView(
            items=(),
            current=replace(
                DEPARTURE,
                approve_url=None,
                return_url=None,
                verdict="approved",
                decision=v.Decision("Bernd Kaya", ago(minutes=3)),
                since_then=("Lackiererei Nord ist seither dabei.",),
                deliveries=(
                    v.DeliveryLine(
                        company="Zulieferer Süd",
                        host="zulieferer.localhost:8002",
                        what="Beitrag",
                        state="delivered",
                        at=ago(minutes=2),
                    ),
                    v.DeliveryLine(
                        company="Lackiererei Nord",
                        host="lack-nord.example",
                        what="Beitrag",
                        state="queued",
                        fault="503",
                    ),
                ),
            ),
        ),
    ),
    page(
        "approvals-empty",
        "approvals",
        v.ApprovalsView(items=(), last=(("Bernd Kaya gab „Bohrung am Deckel“ frei", "/posts/1", ago(hours=1)),)),
    ),
    page(
        "partners",
        "partners",
        v.PartnersView(
            partners=(FINE, TROUBLED, STOPPED),
            admit_url="/partners",
            groups=(v.Choice("7", "Gehäuse X200", "Partner, mit Schranke"),),
            form=v.Form({}, {"host": "Unter dieser Adresse antwortet niemand."}),
        ),
    ),
    page("partners-empty", "partners", v.PartnersView(partners=(), mode="open")),
    page(
        "partner",
        "partner",
        v.PartnerView(
            partner=TROUBLED,
            since=ago(days=60),
            suspend_url="/p/3/suspend",
            retry_url="/p/3/retry",
            describe_url="/p/3/record",
            described=v.Form(values={"contact": "Frau Blech, 07571 200-0", "note": "Rahmenvertrag bis Ende 2027"}),
            open_group_url="/p/3/groups",
            groups_to_open=(v.Choice("9", "Neues"),),
            people_cut_off=50,
            recent=LINES[:2],
        ),
    ),
    page("federation", "federation", v.BoardView(servers=SERVERS, unlisted=3, letters=LETTERS, halt_url="/federation")),
    page(
        "federation-host",
        "federation",
        v.BoardView(
            servers=SERVERS[1:2],
            letters=LETTERS[:1],
            host="kontor.blech-oberschwaben.example",
            company="Blechverarbeitungsgesellschaft Oberschwaben",
            host_url="/federation/kontor.blech-oberschwaben.example/letters",
        ),
    ),
    page(
        "federation-halted",
        "federation",
        v.BoardView(servers=SERVERS[:1], halt="backup", halted_at=ago(days=2), halt_url="/federation"),
    ),
    page("federation-empty", "federation", v.BoardView(servers=())),
    page("partner-suspended", "partner", v.PartnerView(partner=STOPPED, readmit_url="/p/4/readmit")),
    page(
        "ledger",
        "ledger",
        v.LedgerView(
            rows=LINES,
            companies=(v.Choice("", "alle"), v.Choice("2", "Zulieferer Süd")),
            paging=v.Paging(older_url="/ledger?before=1"),
            intact=True,
            checked_at=ago(minutes=30),
        ),
    ),
    page("ledger-empty", "ledger", v.LedgerView(rows=(), intact=False)),
    page(
        "partner-check",
        "partner_check",
        v.PartnerCheckView(
            company="Zulieferer Süd",
            host="zulieferer.localhost:8002",
            remarks=(
                v.CheckRow(grade="good", sentence="Der Server antwortet.", fix=""),
                v.CheckRow(
                    grade="doubtful", sentence="Seine Uhr geht vier Minuten nach.", fix="Sag es den Leuten dort."
                ),
                v.CheckRow(
                    grade="bad", sentence="Er nimmt unsere Signatur nicht an.", fix="Lass dort unseren Host zu."
                ),
            ),
            well=False,
            back_url="/partners/1",
            again_url="/partners/1/check",
        ),
    ),
    page("reports", "reports", v.ReportsView(reports=(REPORT, replace(REPORT, by=None, company="Nordlicht", posts=2)))),
    page("reports-empty", "reports", v.ReportsView(reports=())),
    page("report", "report", v.ReportView(report=REPORT, state_url="/s", posts=(POST,), unseen=1, is_forwarded=True)),
    page(
        "report-form",
        "report_form",
        v.ReportFormView(
            action="/people/dimitri/report",
            about=DIMITRI,
            reasons=(v.Choice("spam", "Werbung"), v.Choice("other", "Etwas anderes")),
            back_url="/people/dimitri",
            posts=(POST,),
            company="Zulieferer Süd",
        ),
    ),
)
