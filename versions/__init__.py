"""The project on other Pythons, and with other releases than the pinned ones."""
