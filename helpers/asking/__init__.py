"""Runs beside student code, in the grader's sandbox and in a student's own preflight: runs the notebook, calls the
student's functions on inputs made from a seed, and writes what comes back as plain arrays. No right answer is here.
"""
