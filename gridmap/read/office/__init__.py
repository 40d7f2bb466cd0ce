"""What the office reads of due work: rules, what may be excused, sheets to fill in, joint inspections, its own."""
