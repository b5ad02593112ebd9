"""Muster Werke and Zulieferer Süd, which trade, and Nordlicht, which nobody admitted."""

from dataclasses import dataclass

import pytest

from models.tables import Group, Level, Reach, Role
from tests.town import Company, Town


@dataclass(slots=True)
class Trade:
    """Anna and Clara write into `gehaeuse`, Bernd keeps its gate; Dimitri and Elena are at the supplier."""

    town: Town
    muster: Company
    zulieferer: Company
    nordlicht: Company
    gehaeuse: Group

    async def settle(self) -> None:
        await self.town.settle()

    async def introduces(self) -> None:
        """Let both companies admit one another."""
        await self.muster.admits(self.zulieferer, gehaeuse=Level.POST)
        await self.zulieferer.admits(self.muster)

    async def begins(self) -> Group:
        """Both companies admit one another and Dimitri joins the group; what he has of it there."""
        await self.introduces()
        mirror = await self.zulieferer.joins(self.zulieferer.dimitri, "gehaeuse", at=self.muster)
        await self.settle()
        return mirror


async def open_trade(town: Town) -> Trade:
    muster = await town.company("Muster")
    zulieferer = await town.company("Zulieferer")
    nordlicht = await town.company("Nordlicht")
    anna = await muster.hires("anna", Role.ADMIN)
    bernd = await muster.hires("bernd", Role.GATEKEEPER)
    clara = await muster.hires("clara")
    await zulieferer.hires("elena", Role.ADMIN)
    await zulieferer.hires("dimitri")
    await nordlicht.hires("gesa", Role.ADMIN)
    gehaeuse = await muster.founds("gehaeuse", owner=anna, members=(bernd, clara), reach=Reach.PARTNERS, is_gated=True)
    return Trade(town, muster, zulieferer, nordlicht, gehaeuse)


@pytest.fixture
async def trade(town: Town) -> Trade:
    return await open_trade(town)
