"""Hotspots on pages: the list by subject and period, the card of an area with its rows, the map."""

from gridmap.web.hotspots import card, hotspot_map, listing

SUBJECTS = (card, hotspot_map, listing)
"""Importing a subject puts its pages on the blueprint."""
