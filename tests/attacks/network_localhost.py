# tries: connects to a service on the grading machine itself
# gain: databases, notebooks servers and metadata services of the machine
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

if reach(socket.AF_INET, ("127.0.0.1", int("@port@"))):
    raise Exception("BROKE-OUT: localhost reached")
