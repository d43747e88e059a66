"""Runs after the student's process is dead: truth, tolerances, misconceptions, points.

Nothing in here imports, unpickles or evaluates anything that a student's process wrote.
"""
