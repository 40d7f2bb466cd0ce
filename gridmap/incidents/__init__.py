"""Incidents: from a report to a closed case. No page, no map."""
