"""Everything a student notebook imports. Never imports `autograder`."""
