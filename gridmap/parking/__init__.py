"""Parking: cars from outside, their notices and bans, long stays, tariffs. No page, no map."""
