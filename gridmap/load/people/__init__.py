"""People on duty, from one Excel template: never residents, never identity numbers."""
