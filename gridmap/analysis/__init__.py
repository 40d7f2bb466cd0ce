"""What gridmap computes: pure functions of numbers, without database and without web."""
