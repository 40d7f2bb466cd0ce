"""OGC API - Features and Tiles, and layers as files by URL: everything under `/ogc`, on the blueprint `ogc`."""

from gridmap.api.ogc import collections, download, items, landing, tilesets
from gridmap.api.ogc.answers import ogc

SUBJECTS = (landing, collections, items, tilesets, download)
"""Importing a subject puts its addresses on the blueprint."""

__all__ = ["SUBJECTS", "ogc"]
