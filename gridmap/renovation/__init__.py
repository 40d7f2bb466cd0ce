"""A plan for renovating estates: everything inside them in one GeoPackage, and one page that says how they stand."""

from gridmap.renovation.figures import Plan, read_plan
from gridmap.renovation.package import LAYERS, write_package
from gridmap.renovation.sheet import page_of, sheet_of

__all__ = ["LAYERS", "Plan", "page_of", "read_plan", "sheet_of", "write_package"]
