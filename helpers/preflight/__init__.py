"""Before handing in: a clean run by the grader's own asking code and within its limits, the zip, and a receipt.

`flight` is the whole; `finding` looks for the notebook, `running` runs it in a process of its own (`__main__`),
`packing` writes the zip, `manifest` what lies in it about itself, `report` says it all. `names` and `manifest` are also
read where hand-ins are collected.
"""
