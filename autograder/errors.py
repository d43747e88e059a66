"""Mistakes of the person at the command line."""


class UserError(Exception):
    """Something the instructor can put right. The message is one sentence: what, where, what to do."""
