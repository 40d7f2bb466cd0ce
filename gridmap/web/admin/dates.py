"""Days typed into forms."""

from datetime import date


def parse_day(text: str) -> date | None:
    """The day of a form, None where it is empty. Raises ValueError for anything but an ISO day."""
    return date.fromisoformat(text.strip()) if text.strip() else None
