import json
import os
import pickle
import socket
import struct
import time
import tracemalloc

import numpy as np
import pytest
from safetensors.numpy import save

from autograder.judging import reading
from autograder.judging.reading import NotReadable, read_answer, read_json

CELLS = np.arange(6.0).reshape(2, 3)
COST = np.array([1.25])


@pytest.fixture
def folder(tmp_path):
    """Answers with one good one, "a"."""
    (tmp_path / "a.json").write_text('{"status": "ok", "problem": ""}')
    (tmp_path / "a.safetensors").write_bytes(save({"cells": CELLS, "cost": COST}))
    return tmp_path


@pytest.fixture(autouse=True)
def within_reason():
    """Whatever is read, it neither hangs nor allocates much more than the largest file allowed."""
    started = time.monotonic()
    tracemalloc.start()
    yield
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10 * reading.ARRAY_BYTES
    assert time.monotonic() - started < 10


def refused(folder, name="a", read=read_answer):
    """The sentence that it is refused with."""
    with pytest.raises(NotReadable) as refusal:
        read(folder, name)
    sentence = str(refusal.value)
    assert name in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert str(folder) not in sentence
    return sentence


def safetensors(header, body=b""):
    """A safetensors file with any header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def entry(dtype, shape, start, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def test_a_good_answer_is_read(folder):
    answer = read_answer(folder, "a")
    assert answer.status == "ok"
    assert (answer.cells == CELLS).all()
    assert answer.cost == 1.25


def test_an_absent_answer_is_none(folder):
    assert read_answer(folder, "b") is None
    assert read_json(folder, "b") is None


def test_infinities_and_nan_are_numbers_like_others(folder):
    (folder / "a.safetensors").write_bytes(save({"cells": np.array([[-np.inf, np.nan]]), "cost": np.array([np.inf])}))
    answer = read_answer(folder, "a")
    assert np.isneginf(answer.cells[0, 0])
    assert answer.cost == np.inf


# --- kinds of files ----------------------------------------------------------------------------------------------


def replace(path, kind, tmp_path):
    path.unlink()
    if kind == "symlink":
        target = tmp_path / "elsewhere"
        target.write_text('{"status": "ok"}')
        path.symlink_to(target)
    elif kind == "dangling symlink":
        path.symlink_to(tmp_path / "nowhere")
    elif kind == "FIFO":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "socket":
        server = socket.socket(socket.AF_UNIX)
        here = os.getcwd()
        os.chdir(path.parent)  # the name of a socket must be short
        try:
            server.bind(path.name)
        finally:
            os.chdir(here)
        server.close()


@pytest.mark.parametrize("suffix", ["json", "safetensors"])
@pytest.mark.parametrize(
    "kind",
    [
        "symlink",
        "dangling symlink",
        "FIFO",
        "device",
        "socket",
        pytest.param(
            "directory",
        ),
    ],
)
def test_what_is_no_plain_file_is_refused(folder, tmp_path, kind, suffix):
    replace(folder / f"a.{suffix}", kind, tmp_path)
    refused(folder)


def test_refusing_leaves_no_file_open(folder, tmp_path):
    replace(folder / "a.json", "FIFO", tmp_path)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        refused(folder)
    assert len(os.listdir("/proc/self/fd")) <= before


@pytest.mark.parametrize(("suffix", "most"), [("json", reading.JSON_BYTES), ("safetensors", reading.ARRAY_BYTES)])
def test_an_oversized_file_is_refused_without_reading_it(folder, suffix, most):
    path = folder / f"a.{suffix}"
    with path.open("ab") as file:
        file.truncate(40 * most)  # sparse: takes no room on the disk
    assert "larger than" in refused(folder)


def test_a_file_of_exactly_the_largest_size_is_read(folder):
    content = '{"status": "raised", "problem": "x"}'
    (folder / "a.json").write_text(content.ljust(reading.JSON_BYTES))
    assert read_answer(folder, "a").status == "raised"
    (folder / "a.json").write_text(content.ljust(reading.JSON_BYTES + 1))
    refused(folder)


# --- safetensors -------------------------------------------------------------------------------------------------

GOOD = save({"cells": CELLS, "cost": COST})
ONE = entry("F64", [1], 0, 8)


@pytest.mark.parametrize(
    "data",
    {
        "empty": b"",
        "one byte": b"\0",
        "truncated header": GOOD[:20],
        "truncated data": GOOD[:-1],
        "bytes too many": GOOD + b"\0",
        "a header longer than the file": struct.pack("<Q", 2**63) + b"{}",
        "a header of 2**64 - 1 bytes": b"\xff" * 8 + b"{}",
        "huge shape": safetensors({"cells": entry("F64", [2**32, 2**31], 0, 8), "cost": ONE}, bytes(16)),
        "huge shape, huge offsets": safetensors({"cells": entry("F64", [2**40], 8, 2**43), "cost": ONE}, bytes(16)),
        "overflowing shape": safetensors({"cells": entry("F64", [2**63, 2], 8, 8), "cost": ONE}, bytes(8)),
        "huge shape with a zero": safetensors({"cells": entry("F64", [0, 2**62], 8, 8), "cost": ONE}, bytes(8)),
        "negative shape": safetensors({"cells": entry("F64", [-1], 8, 8), "cost": ONE}, bytes(8)),
        "seventy axes": safetensors({"cells": entry("F64", [1] * 70, 8, 16), "cost": ONE}, bytes(16)),
        "overlapping data": safetensors({"cells": entry("F64", [1], 0, 8), "cost": ONE}, bytes(8)),
        "deep header": safetensors(b'{"cells":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        "header is a list": safetensors([1, 2]),
        "header is no text": safetensors(b"\xff\xfe\x00"),
        "pickle": pickle.dumps({"cells": CELLS, "cost": COST}),
        "npy": b"\x93NUMPY\x01\x00" + bytes(64),
        "JSON": b'{"cells": [[0.0]], "cost": 1}',
        "text": "Α und Ω".encode("utf-16"),
        "wrong names": save({"log_alpha": CELLS, "cost": COST}),
        "no cost": save({"cells": CELLS}),
        "a cost of two": save({"cells": CELLS, "cost": np.zeros(2)}),
        "a cost of none": save({"cells": CELLS, "cost": np.zeros(0)}),
        "a cost without axis": save({"cells": CELLS, "cost": np.array(1.0)}),
        "float32 cells": save({"cells": CELLS.astype(np.float32), "cost": COST}),
        "float32 cost": save({"cells": CELLS, "cost": COST.astype(np.float32)}),
        "integers": save({"cells": CELLS.astype(np.int64), "cost": COST}),
    }.items(),
    ids=lambda item: item[0],
)
def test_a_file_that_does_not_hold_two_float64_arrays_is_refused(folder, data):
    (folder / "a.safetensors").write_bytes(data[1])
    refused(folder)


DTYPES = "BOOL U8 I8 F8_E5M2 F8_E4M3 F8_E8M0 F4 F6_E2M3 F6_E3M2 I16 U16 F16 BF16 I32 U32 F32 C64 I64 U64 F128 object"


@pytest.mark.parametrize("dtype", DTYPES.split())
def test_every_other_number_format_is_refused(folder, dtype):
    width = next((int(bits) for bits in ("16", "32", "64", "8", "6", "4") if bits in dtype), 8)
    header = {"cost": ONE, "cells": entry(dtype, [8], 8, 8 + width)}
    (folder / "a.safetensors").write_bytes(safetensors(header, bytes(8 + width)))
    refused(folder)


def test_an_ok_without_its_arrays_is_refused(folder):
    (folder / "a.safetensors").unlink()
    assert "missing" in refused(folder)


def test_nothing_is_unpickled(folder, tmp_path):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "exploded"),)

    for suffix in ("json", "safetensors"):
        (folder / f"a.{suffix}").write_bytes(pickle.dumps(Bomb()))
        refused(folder)
        (folder / "a.json").write_text('{"status": "ok"}')
    assert not (tmp_path / "exploded").exists()


# --- JSON --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe{}",
        b"\x80\x03}q\x00.",
        b"[" * 60_000,
        b'{"a":' * 12_000,
        b"1" * 60_000,
        b'{"status": "ok"} {"status": "ok"}',
        b"status: ok",
    ],
)
def test_what_is_not_json_is_refused(folder, content):
    (folder / "a.json").write_bytes(content)
    refused(folder, read=read_json)
    refused(folder)


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "3",
        '"ok"',
        "true",
        "NaN",
        "{}",
        '{"status": null}',
        '{"status": "graded"}',
        '{"status": "OK"}',
        '{"status": 1e999}',
        pytest.param('{"status": []}'),
        pytest.param('{"status": {"ok": 1}}'),
    ],
)
def test_json_without_a_known_status_is_refused(folder, content):
    (folder / "a.json").write_text(content)
    assert "no status" in refused(folder)


def test_a_problem_is_short_plain_text(folder):
    nasty = "one\ntwo\x1b[31m\x00\u202e\u2028\ud800" + "x" * 5000
    (folder / "a.json").write_text(json.dumps({"status": "raised", "problem": nasty}))
    problem = read_answer(folder, "a").problem
    assert problem.startswith("one two")
    assert problem.isprintable()
    assert len(problem) <= reading.TEXT_LENGTH
    problem.encode("utf-8")


@pytest.mark.parametrize("value", [None, 3, [], {"a": 1}, ["text"], True])
def test_a_problem_that_is_no_text_is_dropped(folder, value):
    (folder / "a.json").write_text(json.dumps({"status": "raised", "problem": value}))
    assert read_answer(folder, "a").problem == ""


def test_arrays_beside_a_failed_answer_are_not_looked_at(folder):
    (folder / "a.json").write_text('{"status": "raised", "problem": "IndexError"}')
    (folder / "a.safetensors").write_bytes(b"nonsense")
    answer = read_answer(folder, "a")
    assert answer.status == "raised"
    assert answer.cells is None


@pytest.mark.parametrize("shape", [(10**9, 0), (0, 10**12), (1,) * 40, (reading.LONGEST_AXIS + 1, 0)])
def test_an_array_of_an_impossible_shape_is_refused(folder, shape):
    (folder / "a.safetensors").write_bytes(save({"cells": np.zeros(shape), "cost": COST}))
    assert "impossible shape" in refused(folder)


def test_a_link_in_the_place_of_the_folder_is_not_followed(folder, tmp_path_factory):
    link = tmp_path_factory.mktemp("other") / "answers"
    link.symlink_to(folder)
    assert "cannot be opened" in refused(link)
    assert "cannot be opened" in refused(link, read=read_json)
