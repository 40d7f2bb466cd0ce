"""The leader's picture: coverage on the map and beside it, the rows behind numbers, the catalogue, the report."""

from gridmap.web.coverage import areas, board, files, numbers, report, rows, sharing, trend

__all__ = ["areas", "board", "files", "numbers", "report", "rows", "sharing", "trend"]
