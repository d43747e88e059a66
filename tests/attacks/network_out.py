# tries: connects to another address, by its number and by its name
# gain: questions go out, answers come in
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

if reach(socket.AF_INET, ("@address@", int("@port@"))):
    raise Exception("BROKE-OUT: network reached")
try:
    datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagram.sendto(b"rnnt-attack", ("@address@", int("@port@")))
except OSError:
    pass
