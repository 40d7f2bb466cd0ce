"""Reading of parking for pages: counts and violations of evenings, cars, notices, bans, long stays, who is on duty."""
