"""Downloads, against a server of our own: broken connections, wrong files, dangerous archives."""

import contextlib
import hashlib
import io
import shutil
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import soundfile

from helpers.corpora import CorpusError, DownloadError, corpus
from helpers.making import fetching, layout, librispeech
from helpers.making.fetching import Archive, download


class Server(ThreadingHTTPServer):
    """Serves `files` and can be made to misbehave. `asked` lists (path, Range header)."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.asked = {}, []
        self.break_after: list[int] = []  # bytes after which the next answers break off
        self.knows_ranges = True

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}/files"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        asked = self.headers.get("Range")
        self.server.asked.append((self.path, asked))
        data = self.server.files.get(self.path.rsplit("/", 1)[-1])
        if data is None:
            self.send_error(404)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.server.knows_ranges else 0
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        end = start + self.server.break_after.pop(0) if self.server.break_after else len(data)
        with contextlib.suppress(ConnectionError):
            self.wfile.write(data[start:end])

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    running = Server()
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield running
    running.shutdown()
    running.server_close()


def tar(members):
    """A .tar.gz as bytes; members are (name, bytes) or TarInfo."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                file.addfile(member)
                continue
            name, data = member
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def offer(server, name, data):
    """Put a file on the server; returns what identifies it."""
    server.files[name] = data
    return Archive(f"{server.address}/{name}", len(data), hashlib.sha256(data).hexdigest())


DATA = bytes(range(256)) * 5000


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_arrives(server, tmp_path):
    got = download(offer(server, "a.bin", DATA), tmp_path, progress=False)
    assert got.read_bytes() == DATA
    assert names(tmp_path) == ["a.bin"]


def test_a_checked_file_is_not_fetched_again(server, tmp_path):
    archive = offer(server, "a.bin", DATA)
    download(archive, tmp_path, progress=False)
    download(archive, tmp_path, progress=False)
    assert len(server.asked) == 1


def test_a_damaged_file_is_fetched_again(server, tmp_path):
    (tmp_path / "a.bin").write_bytes(DATA[:-1] + b"x")
    assert download(offer(server, "a.bin", DATA), tmp_path, progress=False).read_bytes() == DATA


def test_a_broken_connection_is_continued_where_it_broke(server, tmp_path):
    server.break_after = [300_000, 500_000]
    got = download(offer(server, "a.bin", DATA), tmp_path, progress=False, pause=0)
    assert got.read_bytes() == DATA
    assert [asked for _, asked in server.asked] == [None, "bytes=300000-", "bytes=800000-"]


def test_an_interrupted_download_is_continued_by_the_next_call(server, tmp_path):
    archive = offer(server, "a.bin", DATA)
    server.break_after = [400_000, 0]
    with pytest.raises(DownloadError, match=r"broke off at 400 kB of 1.3 MB .*same command again") as caught:
        download(archive, tmp_path, progress=False, attempts=1, pause=0)
    assert "\n" not in str(caught.value)
    assert names(tmp_path) == ["a.bin.part"]
    assert download(archive, tmp_path, progress=False).read_bytes() == DATA
    assert server.asked[-1][1] == "bytes=400000-"
    assert names(tmp_path) == ["a.bin"]


def test_a_server_without_ranges_starts_over(server, tmp_path):
    server.knows_ranges = False
    (tmp_path / "a.bin.part").write_bytes(b"something else")
    assert download(offer(server, "a.bin", DATA), tmp_path, progress=False).read_bytes() == DATA


def test_a_wrong_checksum_is_refused_and_nothing_is_left(server, tmp_path):
    archive = offer(server, "a.bin", DATA)
    server.files["a.bin"] = DATA[:-1] + b"x"
    with pytest.raises(DownloadError, match="checksum is wrong") as caught:
        download(archive, tmp_path, progress=False)
    assert "\n" not in str(caught.value)
    assert names(tmp_path) == []


def test_a_longer_file_is_refused_and_nothing_is_left(server, tmp_path):
    archive = offer(server, "a.bin", DATA)
    server.files["a.bin"] = DATA + b"more"
    with pytest.raises(DownloadError, match="checksum is wrong"):
        download(archive, tmp_path, progress=False)
    assert names(tmp_path) == []


def test_a_file_that_is_not_there_is_said_at_once(server, tmp_path):
    archive = Archive(f"{server.address}/none.bin", 10, "0")
    with pytest.raises(DownloadError, match=r"is not there \(404"):
        download(archive, tmp_path, progress=False)
    assert len(server.asked) == 1


def test_no_connection_is_one_sentence(tmp_path):
    archive = Archive("http://127.0.0.1:9/a.bin", 10, "0")
    with pytest.raises(DownloadError, match="same command again") as caught:
        download(archive, tmp_path, progress=False, attempts=2, pause=0)
    assert "\n" not in str(caught.value)


def test_a_mirror_serves_a_file_of_the_same_name(server, tmp_path):
    archive = offer(server, "a.bin", DATA)
    elsewhere = Archive("http://127.0.0.1:9/a.bin", archive.size, archive.sha256)
    assert download(elsewhere, tmp_path, mirror=server.address + "/", progress=False).read_bytes() == DATA


def test_a_disk_that_fills_up_is_one_sentence(server, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fetching, "_continue", full)
    with pytest.raises(DownloadError, match="disk is full"):
        download(offer(server, "a.bin", DATA), tmp_path, progress=False)


# --- LibriSpeech, from a tiny archive


def flac():
    buffer = io.BytesIO()
    soundfile.write(buffer, [0.0, 0.1] * 800, 16000, format="FLAC")
    return buffer.getvalue()


GOOD = (
    ("LibriSpeech/LICENSE.TXT", b"CC BY 4.0"),
    ("LibriSpeech/dev-clean/84/121123/84-121123.trans.txt", b"84-121123-0000 GO DO YOU HEAR\n"),
    ("LibriSpeech/dev-clean/84/121123/84-121123-0000.flac", flac()),
)


@pytest.fixture
def publish(server, monkeypatch):
    """Make `librispeech` believe that an archive with these members is dev-clean; returns the archive."""

    def put(members):
        data = members if isinstance(members, bytes) else tar(members)
        archive = offer(server, "dev-clean.tar.gz", data)
        monkeypatch.setitem(librispeech.ARCHIVES, "dev-clean", archive)
        return archive

    return put


def test_librispeech_is_fetched_unpacked_and_read(publish, server, tmp_path):
    publish(GOOD)
    server.break_after = [200]
    librispeech.get("dev-clean", tmp_path, progress=False)
    assert names(tmp_path) == ["LibriSpeech"]
    assert names(tmp_path / "LibriSpeech") == ["LICENSE.TXT", "dev-clean"]
    assert [u.text for u in corpus("librispeech", "dev", root=tmp_path)] == ["go do you hear"]
    requests = len(server.asked)
    librispeech.get("dev-clean", tmp_path, progress=False)
    assert len(server.asked) == requests


def test_the_archive_can_be_kept(publish, tmp_path):
    publish(GOOD)
    librispeech.get("dev-clean", tmp_path, progress=False, keep_archive=True)
    assert names(tmp_path) == ["LibriSpeech", "dev-clean.tar.gz"]


def link(name, target):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    return info


@pytest.mark.parametrize(
    "evil",
    [
        ("../evil.txt", b"x"),
        ("/tmp/evil.txt", b"x"),
        ("LibriSpeech/dev-clean/../../../evil.txt", b"x"),
        link("LibriSpeech/dev-clean/84/way-out", "/etc"),
    ],
)
def test_an_archive_that_writes_elsewhere_is_refused_and_nothing_is_unpacked(publish, tmp_path, evil):
    publish([*GOOD, evil])
    root = tmp_path / "data"
    with pytest.raises(DownloadError, match="refused") as caught:
        librispeech.get("dev-clean", root, progress=False)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.rglob("evil*"))
    assert list((root / "LibriSpeech").iterdir()) == []


def test_a_damaged_archive_is_one_sentence_and_nothing_is_unpacked(publish, tmp_path):
    publish(tar(GOOD)[:-200])
    with pytest.raises(DownloadError, match="damaged"):
        librispeech.get("dev-clean", tmp_path, progress=False)
    assert list((tmp_path / "LibriSpeech").iterdir()) == []


def test_an_archive_of_something_else_is_one_sentence(publish, tmp_path):
    publish([("LibriSpeech/test-clean/a.txt", b"x")])
    with pytest.raises(DownloadError, match="no folder LibriSpeech/dev-clean"):
        librispeech.get("dev-clean", tmp_path, progress=False)
    assert list((tmp_path / "LibriSpeech").iterdir()) == []


def test_too_little_space_is_said_before_anything_is_fetched(publish, server, tmp_path, monkeypatch):
    publish(GOOD)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(layout.shutil, "disk_usage", lambda _: usage._replace(free=10))
    with pytest.raises(CorpusError, match="are free"):
        librispeech.get("dev-clean", tmp_path, progress=False)
    assert server.asked == []


def test_the_checksums_are_those_of_torchaudio():
    from torchaudio.datasets.librispeech import _CHECKSUMS

    for name, archive in librispeech.ARCHIVES.items():
        assert archive.sha256 == _CHECKSUMS[f"http://www.openslr.org/resources/12/{name}.tar.gz"]
