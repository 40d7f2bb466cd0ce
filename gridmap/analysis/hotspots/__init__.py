"""Where more happens than exposure and chance explain, and where that cannot be said."""

from gridmap.analysis.hotspots.finding import Area, Busy, Found, Repeat, find
from gridmap.analysis.hotspots.months import Months, by_month
from gridmap.analysis.hotspots.trend import Trend, trend
from gridmap.analysis.hotspots.units import Units

__all__ = ["Area", "Busy", "Found", "Months", "Repeat", "Trend", "Units", "by_month", "find", "trend"]
