"""The tests. Before anything of the program is imported: what is compiled is kept, and the collector of cycles waits.

Each process of a session would compile the whole program and rewrite the asserts of every test again where the
environment forbids to keep bytecode: that was more than half of what beginning took. And nothing that a beginning makes
is ever garbage, which a collector would look through a thousand times.
"""

import gc
import os
import sys

gc.set_threshold(20_000, 20, 100)
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # for the processes of this session
