"""Serves the rendered gallery with the real static files, for a browser on this machine."""

import functools
import http.server
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.browser.gallery.cast.posts import POST
from tests.browser.gallery.examples import EXAMPLES
from tests.browser.gallery.rendering import environment

ROOT = Path(__file__).parents[3]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self'; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PICTURE = 'width="1200" height="800" viewBox="0 0 100 100" preserveAspectRatio="xMidYMid slice"'
_DRAWINGS = {
    "bernd": '<rect width="100" height="100" fill="#b9c7b0"/><circle cx="50" cy="40" r="18" fill="#5b4636"/>'
    '<path d="M12 100c2-30 20-40 38-40s36 10 38 40z" fill="#39566b"/>',
    "dimitri": '<rect width="100" height="100" fill="#d9c3a5"/><circle cx="50" cy="42" r="18" fill="#6b4b35"/>'
    '<path d="M10 100c2-30 20-38 40-38s38 8 40 38z" fill="#7a2f2f"/>',
    "part": '<rect width="100" height="100" fill="#c9ced0"/><rect x="18" y="22" width="64" height="52" rx="4" '
    'fill="#8d979b"/><circle cx="30" cy="34" r="4" fill="#3b4347"/><circle cx="70" cy="34" r="4" fill="#3b4347"/>'
    '<circle cx="34" cy="62" r="4" fill="#3b4347"/><path d="M6 88h88" stroke="#54606a" stroke-width="4"/>',
}
_EVENT = (
    "event: post\n"
    'data: {"id": "99", "fragment": "/fresh.html", "in_reply_to": %s}\n\n'
    "event: unread\n"
    'data: {"count": 12}\n\n'
)


class _Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if not self.path.startswith("/events"):
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write((_EVENT % ('"1"' if "post=" in self.path else "null")).encode())

    def do_POST(self) -> None:
        """Take whatever is sent, and lead to the start page."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(303)
        self.send_header("Location", "/home.html")
        self.end_headers()

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def serving(*, stretched: bool = False) -> Iterator[str]:
    """The address of a server that has each example at `/<name>.html`, one event on every stream, a strict policy."""
    env = environment(stretched=stretched)
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder)
        shutil.copytree(ROOT / "static", site / "static")
        (site / "example").mkdir()
        for name, drawing in _DRAWINGS.items():
            picture = f'<svg xmlns="http://www.w3.org/2000/svg" {_PICTURE}>{drawing}</svg>'
            (site / "example" / f"{name}.svg").write_text(picture, encoding="utf-8")
        for name in ("mill.mp4", "mill.ogg"):  # nobody plays them here, but a browser asks for them
            (site / "example" / name).touch()
        for example in EXAMPLES:
            html = env.get_template(example.template).render(shell=example.shell, view=example.view, post=POST)
            (site / f"{example.name}.html").write_text(html, encoding="utf-8")
        fresh = (site / "post-item.html").read_text(encoding="utf-8").replace("post-1", "post-99")
        (site / "fresh.html").write_text(fresh, encoding="utf-8")
        handler = functools.partial(_Handler, directory=folder)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield f"http://127.0.0.1:{server.server_port}"
            finally:
                server.shutdown()
