"""What can go wrong with a sandbox."""


class SandboxBroken(Exception):
    """The sandbox itself failed; the submission is not to blame."""


class WorkerLost(SandboxBroken):
    """The worker ended or fell silent during a job; the submission may be to blame."""
