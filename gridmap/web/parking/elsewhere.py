"""Addresses of pages of parking that other files put on the blueprint, as the office's pages link to them."""

MAP = "/parking/map"
HOTSPOTS = "/hotspots"
SETTINGS = "/parking/settings"
ROTA = "/rota"
COUNT = "/parking/count"
