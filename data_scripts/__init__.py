"""Scripts that make or fetch data. Staff side."""
