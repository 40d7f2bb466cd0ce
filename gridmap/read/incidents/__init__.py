"""Reading cases: what one has reported, lists, cards, history."""
