"""Databases on PostgreSQL, lent to one test after another: emptied each time, which takes a tenth of making one.

One connection to each stays open, in a loop and a thread of its own, because tests and fixtures have loops of theirs.
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import asyncpg

from tests import pools
from tests.templates import Template

_KEEP = """
CREATE SCHEMA kept;
DO $$ DECLARE name text; value bigint; found boolean; steps text := ''; BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    steps := format('DELETE FROM public.%I;', name) || steps;
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM public.%I)', name) INTO found;
    IF found THEN
      EXECUTE format('CREATE TABLE kept.%I AS TABLE public.%I', name, name);
      steps := steps || format('INSERT INTO public.%I SELECT * FROM kept.%I;', name, name);
    END IF;
  END LOOP;
  FOR name, value IN SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' LOOP
    steps := steps || format(
      'PERFORM setval(%L, %s, %L);', 'public.' || quote_ident(name), coalesce(value, 1), value IS NOT NULL);
  END LOOP;
  EXECUTE format('CREATE FUNCTION kept.again() RETURNS void LANGUAGE plpgsql AS %L', 'BEGIN ' || steps || ' END');
END $$;
SET session_replication_role = replica;
"""  # a function, because its statements are planned once
_EMPTY = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), {});
SELECT kept.again();
"""


@dataclass(eq=False, slots=True)
class _Lent:
    url: str
    template: Template
    connection: asyncpg.Connection
    is_fresh: bool = True


class Lender:
    """Lends databases that are as `template` is; `url` has `{}` where the name goes."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._free: dict[Template, list[_Lent]] = defaultdict(list)
        self._made: set[Template] = set()
        self._count = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="lender", daemon=True)
        self._thread.start()

    def lend(self, template: Template) -> _Lent:
        """A database that nobody else has until it is given back."""
        self._have(template)
        return self._run(self._lend(template))

    def take_back(self, lent: _Lent) -> None:
        self._free[lent.template].append(lent)

    def close(self) -> None:
        pools.close()
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _have(self, template: Template) -> None:
        """Make the database of a template, which is copied and never used itself."""
        if template in self._made:
            return
        if template.after is not None:
            self._have(template.after)
        self._run(self._copy(template.name, of=template.after.name if template.after else "template1"))
        template.make(self._url.format(template.name))
        self._made.add(template)

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _lend(self, template: Template) -> _Lent:
        free = self._free[template]
        lent = free.pop() if free else await self._make(template)
        idle = pools.idle(lent.url)
        if not lent.is_fresh:
            await lent.connection.execute(_EMPTY.format(", ".join(map(str, idle or {0}))))
        lent.is_fresh = False
        return lent

    async def _make(self, template: Template) -> _Lent:
        self._count += 1
        name = f"lent_{self._count}"
        await self._copy(name, of=template.name)
        url = self._url.format(name)
        connection = await asyncpg.connect(_plain(url))
        await connection.execute(_KEEP)
        pools.allow(url)
        return _Lent(url, template, connection)

    async def _copy(self, name: str, *, of: str) -> None:
        above = await asyncpg.connect(_plain(self._url.format("postgres")))
        await above.execute(f'CREATE DATABASE "{name}" TEMPLATE "{of}"')
        await above.close()

    async def _close(self) -> None:
        for free in self._free.values():
            for lent in free:
                await lent.connection.close()


def _plain(url: str) -> str:
    return url.replace("+asyncpg", "")
