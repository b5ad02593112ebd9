"""`python -m server.config` writes instance.example.toml anew."""

from pathlib import Path

from . import example

if __name__ == "__main__":
    Path("instance.example.toml").write_text(example(), encoding="utf-8")
