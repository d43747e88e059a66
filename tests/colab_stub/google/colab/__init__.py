"""Stands in for the package that Colab's kernel loads before the first cell. Only what notebooks may use."""
