"""One offline website of what the house knows."""
