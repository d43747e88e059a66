# tries: connects to a Unix socket by its path and to one by its abstract name
# gain: services that trust local users, such as a container daemon
# stopped by: kernel

# %% setup
import socket
def reach(family, address):
    try:
        with socket.socket(family, socket.SOCK_STREAM) as one:
            one.settimeout(1)
            one.connect(address)
            one.sendall(b"rnnt-attack")
            one.recv(10)
        return True
    except OSError:
        return False

for address in ("@socket@", "\0rnnt-attack-@port@"):
    if reach(socket.AF_UNIX, address):
        raise Exception("BROKE-OUT: socket reached")
