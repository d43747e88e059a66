# tries: leaves malformed files of arrays: lying sizes, negative and gigantic shapes, foreign types, nested headers, pickles
# gain: a fault or a hang in the grader's reader
# only: ours

# %% end
import json, os, struct
def safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data
F = {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}
FILES = [
    struct.pack("<Q", 2**63 - 1) + b"{}",
    safetensors({"cells": {"dtype": "F64", "shape": [2**40, 2**40], "data_offsets": [0, 8]}, "cost": F}, bytes(8)),
    safetensors({"cells": {"dtype": "F64", "shape": [2**62, 0], "data_offsets": [8, 8]}, "cost": F}, bytes(8)),
    safetensors({"cells": {"dtype": "F64", "shape": [30000000, 0], "data_offsets": [8, 8]}, "cost": F}, bytes(8)),
    safetensors({"cells": {"dtype": "F64", "shape": [1] * 300, "data_offsets": [0, 8]}, "cost": F}, bytes(8)),
    safetensors({"cells": {"dtype": "BF16", "shape": [4], "data_offsets": [0, 8]}, "cost": F}, bytes(8)),
    safetensors({"cells": {"dtype": "F4", "shape": [16], "data_offsets": [0, 8]}, "cost": F}, bytes(8)),
    safetensors({"cells": {"dtype": "F64", "shape": [-1], "data_offsets": [0, 8]}, "cost": F}, bytes(8)),
    safetensors({"cells": {"dtype": "F64", "shape": [1], "data_offsets": [8, 0]}, "cost": F}, bytes(8)),
    safetensors(b"[" * 100000), safetensors(b'{"a":' * 5000), b"", b"PK\x03\x04" + bytes(100), b"\x80\x04\x95" + bytes(50),
    bytes(3_000_000), safetensors({"__metadata__": {"a": "b" * 3_000_000}, "cells": F, "cost": F}, bytes(8)),
]

names = sorted(name for name in os.listdir("../answers") if name.endswith(".safetensors"))
for number, name in enumerate(names):
    open("../answers/" + name, "wb").write(FILES[number % len(FILES)])
os._exit(0)
