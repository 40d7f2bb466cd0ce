"""The towns of the demo, declared. The order is stable; new ones go to the end."""

from gridmap.demo.declare import Town
from gridmap.demo.towns.dongqu import DONGQU

TOWNS: tuple[Town, ...] = (DONGQU,)
