"""The attacks and the damaged hand-ins of `tests` through plain nbgrader, otter-grader and this grader.

`python -m benchmarks.scoreboard` (or `make scoreboard`) builds what it needs under `build/scoreboard`, prints the
table, and writes `benchmarks/scoreboard.json` and `docs/scoreboard.md`. Linux with bubblewrap only: the other graders
run hostile code, and here they do so in a container without network.
"""
