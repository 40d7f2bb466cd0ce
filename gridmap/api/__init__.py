"""What programs read: tiles, OGC API - Features, JSON; one error shape."""
