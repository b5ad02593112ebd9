"""Keeping order, for clients of those in charge."""

from server.api.contract.administration import (
    AdminAccount,
    AdminCanonicalEmailBlock,
    AdminCohort,
    AdminDimension,
    AdminDomainAllow,
    AdminDomainBlock,
    AdminEmailDomainBlock,
    AdminIpBlock,
    AdminMeasure,
    AdminReport,
    AdminTag,
    AdminTrendsLink,
    AdminTrendsStatus,
)
from server.api.contract.kinds import Nothing
from server.api.contract.promises import (
    PAGE,
    STEPS,
    Promise,
    delete,
    flag,
    get,
    moment,
    needed,
    never,
    number,
    one,
    post,
    put,
    several,
    table,
    text,
    texts,
)

_ACCOUNTS = (
    *(flag(name) for name in ("local", "remote", "active", "pending", "disabled", "silenced", "suspended", "staff")),
    flag("sensitized"),
    *(text(name) for name in ("username", "display_name", "by_domain", "email", "ip")),
)
_ACCOUNTS_V2 = (
    text("origin", "local", "remote"),
    text("status", "active", "pending", "disabled", "silenced", "suspended"),
    text("permissions", "staff"),
    several("role_ids"),
    one("invited_by"),
    *(text(name) for name in ("username", "display_name", "by_domain", "email", "ip")),
)
_BLOCK = (
    text("severity", "silence", "suspend", "noop"),
    flag("reject_media"),
    flag("reject_reports"),
    text("private_comment"),
    text("public_comment"),
    flag("obfuscate"),
)
_IP = (
    text("ip"),
    text("severity", "sign_up_requires_approval", "sign_up_block", "no_access"),
    text("comment"),
    number("expires_in"),
)
_SPAN = (moment("start_at"), moment("end_at"))
_KEYED = (
    *(f"tag_{name}" for name in ("accounts", "uses", "servers", "languages")),
    *(f"instance_{name}" for name in ("accounts", "statuses", "reports", "follows", "followers", "languages")),
)
_CHANGES = ("approve", "reject", "enable", "unsilence", "unsuspend", "unsensitive")

ENDPOINTS: tuple[Promise, ...] = (
    get("/api/v1/admin/accounts", list[AdminAccount], *_ACCOUNTS, *PAGE),
    get("/api/v2/admin/accounts", list[AdminAccount], *_ACCOUNTS_V2, *PAGE),
    get("/api/v1/admin/accounts/{}", AdminAccount),
    delete("/api/v1/admin/accounts/{}", AdminAccount),
    *(post(f"/api/v1/admin/accounts/{{}}/{verb}", AdminAccount) for verb in _CHANGES),
    post(
        "/api/v1/admin/accounts/{}/action",
        Nothing,
        text("type", "none", "sensitive", "disable", "silence", "suspend"),
        one("report_id"),
        one("warning_preset_id"),
        text("text"),
        flag("send_email_notification"),
    ),
    get(
        "/api/v1/admin/reports",
        list[AdminReport],
        flag("resolved"),
        one("account_id"),
        one("target_account_id"),
        text("by_target_domain"),
        *PAGE,
    ),
    get("/api/v1/admin/reports/{}", AdminReport),
    put(
        "/api/v1/admin/reports/{}",
        AdminReport,
        text("category", "spam", "legal", "violation", "other"),
        several("rule_ids"),
    ),
    *(
        post(f"/api/v1/admin/reports/{{}}/{verb}", AdminReport)
        for verb in ("assign_to_self", "unassign", "resolve", "reopen")
    ),
    get("/api/v1/admin/domain_allows", list[AdminDomainAllow], *PAGE),
    get("/api/v1/admin/domain_allows/{}", AdminDomainAllow),
    post("/api/v1/admin/domain_allows", AdminDomainAllow, needed(text("domain"))),
    delete("/api/v1/admin/domain_allows/{}", Nothing),
    get("/api/v1/admin/domain_blocks", list[AdminDomainBlock], *PAGE),
    get("/api/v1/admin/domain_blocks/{}", AdminDomainBlock),
    post("/api/v1/admin/domain_blocks", AdminDomainBlock, needed(text("domain")), *_BLOCK),
    put("/api/v1/admin/domain_blocks/{}", AdminDomainBlock, *_BLOCK),
    delete("/api/v1/admin/domain_blocks/{}", Nothing),
    get("/api/v1/admin/email_domain_blocks", list[AdminEmailDomainBlock], *PAGE),
    get("/api/v1/admin/email_domain_blocks/{}", AdminEmailDomainBlock),
    post("/api/v1/admin/email_domain_blocks", AdminEmailDomainBlock, text("domain")),
    delete("/api/v1/admin/email_domain_blocks/{}", Nothing),
    get("/api/v1/admin/canonical_email_blocks", list[AdminCanonicalEmailBlock], *PAGE),
    get("/api/v1/admin/canonical_email_blocks/{}", AdminCanonicalEmailBlock),
    post("/api/v1/admin/canonical_email_blocks", AdminCanonicalEmailBlock, text("email"), text("canonical_email_hash")),
    post("/api/v1/admin/canonical_email_blocks/test", list[AdminCanonicalEmailBlock], text("email")),
    delete("/api/v1/admin/canonical_email_blocks/{}", Nothing),
    get("/api/v1/admin/ip_blocks", list[AdminIpBlock], *PAGE),
    get("/api/v1/admin/ip_blocks/{}", AdminIpBlock),
    post("/api/v1/admin/ip_blocks", AdminIpBlock, *_IP),
    put("/api/v1/admin/ip_blocks/{}", AdminIpBlock, *_IP),
    delete("/api/v1/admin/ip_blocks/{}", Nothing),
    post(
        "/api/v1/admin/measures",
        list[AdminMeasure],
        texts("keys"),
        *_SPAN,
        *(table(name, text("id"), text("domain")) for name in _KEYED),
    ),
    post(
        "/api/v1/admin/dimensions",
        list[AdminDimension],
        texts("keys"),
        *_SPAN,
        number("limit"),
        *(table(name, text("id"), text("domain")) for name in _KEYED),
    ),
    post("/api/v1/admin/retention", list[AdminCohort], *_SPAN, text("frequency", "day", "month")),
    get("/api/v1/admin/trends/tags", list[AdminTag], *STEPS),
    get("/api/v1/admin/trends/statuses", list[AdminTrendsStatus], *STEPS),
    get("/api/v1/admin/trends/links", list[AdminTrendsLink], *STEPS),
    *(
        never("POST", f"/api/v1/admin/trends/{kind}/{{}}/{verb}")
        for kind in ("links", "statuses", "tags")
        for verb in ("approve", "reject")
    ),
    get("/api/v1/admin/tags", list[AdminTag], *STEPS),
    get("/api/v1/admin/tags/{}", AdminTag),
    never("PUT", "/api/v1/admin/tags/{}", *(flag(name) for name in ("trendable", "usable", "listable"))),
)
