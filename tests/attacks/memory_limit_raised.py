# tries: raises its own limits on memory, processes and files as root can, then takes 5 GB
# gain: more than its share
# stopped by: kernel

# %% setup
import resource
raised = []
for name in ("RLIMIT_DATA", "RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_CPU"):
    before = resource.getrlimit(getattr(resource, name))
    if before == (-1, -1):
        continue
    try:
        resource.setrlimit(getattr(resource, name), (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        raised.append(name)
    except (OSError, ValueError):
        pass
if raised:
    raise Exception("BROKE-OUT: raised " + " ".join(raised))
