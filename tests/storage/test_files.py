"""A file is there whole or not at all, whatever the disk says."""

import stat

import pytest

from tests.troubles import no_room
from tracker.storage.files import write_whole


def test_a_full_disk_leaves_no_half_of_a_file(tmp_path):
    path = tmp_path / "letter.eml"
    for left in (0, 1, 999):
        with no_room(left), pytest.raises(OSError, match="too large"):
            write_whole(path, b"x" * 1000)
        assert list(tmp_path.iterdir()) == []
    write_whole(path, b"x" * 1000)
    with no_room(999), pytest.raises(OSError, match="too large"):
        write_whole(path, b"y" * 1000)
    assert [path] == list(tmp_path.iterdir()) and path.read_bytes() == b"x" * 1000
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_control_that_writes_in_place_leaves_a_half(tmp_path):
    """The test above could fail."""
    path = tmp_path / "letter.eml"
    with no_room(999), pytest.raises(OSError, match="too large"):
        path.write_bytes(b"x" * 1000)
    assert len(path.read_bytes()) == 999


def test_of_two_that_write_the_same_file_anew_the_first_stays(tmp_path):
    path = tmp_path / "secret_key"
    write_whole(path, b"first", anew=True)
    with pytest.raises(FileExistsError):
        write_whole(path, b"second", anew=True)
    assert [path] == list(tmp_path.iterdir()) and path.read_bytes() == b"first"
