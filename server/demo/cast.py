"""Who is in the demonstration: companies, people, groups. The companies are German, as their people mostly write."""

from msgspec import Struct

from models.tables import Access, Level, Reach, Role


class Person(Struct, frozen=True):
    username: str
    name: str
    role: Role
    about: str


class Group(Struct, frozen=True, kw_only=True):
    username: str
    name: str
    purpose: str
    owner: str
    reach: Reach = Reach.INTERNAL
    access: Access = Access.OPEN
    is_gated: bool = False
    members: tuple[str, ...] = ()


class Company(Struct, frozen=True, kw_only=True):
    """`key` is its folder and its name below localhost; `partners` maps other companies to groups of its own."""

    key: str
    name: str
    people: tuple[Person, ...]
    groups: tuple[Group, ...]
    partners: dict[str, dict[str, Level]]

    @property
    def admin(self) -> Person:
        return next(person for person in self.people if person.role is Role.ADMIN)


MUSTER = Company(
    key="muster",
    name="Muster Werke",
    people=(
        Person("anna", "Anna Albers", Role.ADMIN, "Vertrieb. Ansprechpartnerin für alles rund um die X200."),
        Person("bernd", "Bernd Brandt", Role.GATEKEEPER, "Qualität. Gibt frei, was an Partner geht."),
        Person("clara", "Clara Conrad", Role.STAFF, "Konstruktion, Gehäuse und Dichtungen."),
        Person("david", "David Doyle", Role.STAFF, "Field service, mostly on the road. Schreibt Englisch und Deutsch."),
    ),
    groups=(
        Group(
            username="werkstatt",
            name="Werkstatt",
            purpose="Was in der Halle ansteht. Bleibt im Haus.",
            owner="clara",
            members=("anna", "david"),
        ),
        Group(
            username="gehaeuse",
            name="Gehäuse X200",
            purpose="Zeichnungen, Muster und Termine zum Gehäuse der X200, gemeinsam mit den Zulieferern.",
            owner="anna",
            reach=Reach.PARTNERS,
            is_gated=True,
            members=("clara", "bernd"),
        ),
        Group(
            username="neuigkeiten",
            name="Neuigkeiten",
            purpose="Was die Muster Werke der Öffentlichkeit zu sagen haben.",
            owner="anna",
            reach=Reach.PUBLIC,
            members=("david",),
        ),
        Group(
            username="leitung",
            name="Leitungskreis",
            purpose="Nur für die Leitung.",
            owner="anna",
            access=Access.CLOSED,
            members=("bernd",),
        ),
    ),
    partners={"zulieferer": {"gehaeuse": Level.POST}},
)

ZULIEFERER = Company(
    key="zulieferer",
    name="Zulieferer Süd",
    people=(
        Person("elena", "Elena Engel", Role.ADMIN, "Geschäftsführung und Einkauf."),
        Person("dimitri", "Dimitri Danos", Role.STAFF, "Fertigungsplanung Guss."),
        Person("frieda", "Frieda Falk", Role.GATEKEEPER, "Messraum und Freigaben."),
    ),
    groups=(
        Group(
            username="giesserei",
            name="Gießerei",
            purpose="Schichtübergabe und Pläne der Gießerei.",
            owner="dimitri",
            members=("elena", "frieda"),
        ),
        Group(
            username="messwerte",
            name="Messwerte",
            purpose="Messprotokolle für unsere Kunden.",
            owner="elena",
            reach=Reach.PARTNERS,
            members=("frieda", "dimitri"),
        ),
    ),
    partners={"muster": {"messwerte": Level.COMMENT}},
)

NORDLICHT = Company(
    key="nordlicht",
    name="Nordlicht Handel",
    people=(
        Person("gesa", "Gesa Grote", Role.ADMIN, "Inhaberin."),
        Person("hauke", "Hauke Hansen", Role.STAFF, "Lager und Versand."),
    ),
    groups=(
        Group(
            username="lager",
            name="Lager",
            purpose="Bestände und Lieferungen.",
            owner="hauke",
            members=("gesa",),
        ),
    ),
    partners={},
)

COMPANIES = (MUSTER, ZULIEFERER, NORDLICHT)
