"""Runs beside student code, inside the sandbox: runs the notebook, calls the student's functions on fresh inputs and
writes what comes back as plain arrays. No right answer is reachable from here.
"""
