"""The page was saved instead of the notebook."""

SAYS = 'web page'


def damage(notebook):
    return b"<!DOCTYPE html><html><head><title>seminar4.ipynb - Colab</title></head></html>"
