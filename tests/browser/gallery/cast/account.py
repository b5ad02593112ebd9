"""What somebody is told, and their settings."""

from server.web import views as v
from tests.browser.gallery.cast.people import ANNA, BERND, DIMITRI, MANY, PARTNERS, ago
from tests.browser.gallery.cast.posts import LANGUAGES

NOTES = (
    v.NotificationRow(
        id="1",
        people=(BERND,),
        sentence="Bernd Kaya hat deinen Beitrag zurückgegeben: Bitte die Stückzahl herausnehmen.",
        url="/posts/4",
        at=ago(minutes=4),
        kind="returned",
        reach=MANY,
        unread=True,
        archive_url="/n/1",
        excerpt="Neue Schichtdicke ab April: 18 bis 22 µm.",
    ),
    v.NotificationRow(
        id="2",
        people=(DIMITRI,),
        sentence="Dimitri Alexandropoulos (Zulieferer Süd) nennt dich",
        url="/posts/2",
        at=ago(hours=2),
        kind="mention",
        reach=PARTNERS,
        unread=True,
        archive_url="/n/2",
        excerpt="@anna, das Foto ist da.",
    ),
)
SETTINGS = v.SettingsView(
    profile_url="/settings/profile",
    display_url="/settings/display",
    password_url="/settings/password",
    person=ANNA,
    profile=v.Form(
        values={
            "name": "Anna Brandt",
            "about": "Gehäuse und alles, was daran schraubt.",
            "locked": "on",
            "line-1": "Büro",
            "says-1": "Halle 2",
        },
        errors={"avatar": "Diese Datei ist kein Bild."},
    ),
    display=v.Form(values={"language": "de", "theme": "dark", "shortcuts": "on"}),
    lines=("1", "2", "3"),
    languages=LANGUAGES,
    sign_ins=(
        v.SignInRow(
            browser="Firefox auf Windows",
            at=ago(days=2),
            last_used=ago(minutes=1),
            end_url=None,
            current=True,
        ),
        v.SignInRow(browser="Chrome auf Android", at=ago(days=20), last_used=ago(hours=9), end_url="/s/2"),
    ),
    end_others_url="/s/others",
    applications=(
        v.Application(
            name="Tusky", scopes=("read", "write", "push"), since=ago(days=9), revoke_url="/a/1", last_used=ago(hours=1)
        ),
    ),
)
TODAY = (("2 Beiträge warten auf deine Freigabe", "/approvals"), ("Bernd hat deinen Beitrag zurückgegeben", "/posts/4"))
