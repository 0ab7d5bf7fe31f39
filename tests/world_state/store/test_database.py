"""A commit is on the disk, and what a database refuses is said with what to do about it."""

import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest
import sqlalchemy as sa

from world_state.errors import StoreError
from world_state.store import EventStore
from world_state.store.database import open_engine, without_password


def test_sqlite_writes_ahead_and_waits_for_the_disk_at_each_commit(tmp_path):
    with EventStore(tmp_path / "a.db") as store:
        for _ in range(2):  # a fresh connection each, as the writer's own is
            with store._engine.connect() as connection:
                connection.detach()
                assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
                assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        store.append("seen", stamp=0.0, cause="", measurement={}, belief={})
        store.flush()
        assert (tmp_path / "a.db-wal").stat().st_size > 0
        assert not (tmp_path / "a.db-journal").exists()
    assert (tmp_path / "a.db").read_bytes()[18:20] == b"\x02\x02"  # the file's header says WAL


def test_a_flush_reaches_the_disk_by_fsync(tmp_path):
    """Watched from outside: the writer's system calls."""
    if not _strace():
        pytest.skip("strace is not installed or not allowed here")
    code = (
        "import sys; from world_state.store import EventStore\n"
        "s = EventStore(sys.argv[1])\n"
        "for k in range(20):\n"
        "    s.append('seen', stamp=0.0, cause='', measurement={}, belief={}); s.flush()"
    )
    trace = tmp_path / "trace"
    watched = ["strace", "-f", "-e", "trace=fsync,fdatasync", "-o", trace, sys.executable, "-c", code]
    subprocess.run([*watched, tmp_path / "a.db"], check=True, timeout=60)
    assert trace.read_text().count("sync(") >= 20


def _strace():
    try:
        return subprocess.run(["strace", "-f", "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def test_postgresql_waits_for_the_disk_whatever_the_server_says(postgres_url):
    plain = sa.create_engine(postgres_url.replace("postgresql:", "postgresql+psycopg:"))
    with plain.connect() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "off"
    plain.dispose()
    with EventStore(postgres_url) as store, store._engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
        assert connection.exec_driver_sql("SHOW fsync").scalar() == "on"


HOLD = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_store_that_another_program_holds_says_so_and_stays_stopped(tmp_path):
    with EventStore(tmp_path / "a.db") as store:
        store.append("seen", stamp=0.0, cause="", measurement={}, belief={})
        store.flush()
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD, tmp_path / "a.db"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert holder.stdout.readline() == b"held\n"
        began = time.monotonic()
        store.append("seen", stamp=1.0, cause="", measurement={}, belief={})
        assert time.monotonic() - began < 0.05  # the control loop does not wait with it
        with pytest.raises(StoreError, match=r"locked.*another program.*end that, then start anew"):
            store.flush()
        holder.communicate()
        with pytest.raises(StoreError, match="locked"):  # free again, but there is a gap
            store.append("seen", stamp=2.0, cause="", measurement={}, belief={})
    with EventStore(tmp_path / "a.db") as store:
        assert [event.stamp for event in store.events()] == [0.0]


def test_a_lock_that_is_let_go_in_time_is_waited_for(tmp_path):
    with EventStore(tmp_path / "a.db") as store:
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD, tmp_path / "a.db"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert holder.stdout.readline() == b"held\n"
        store.append("seen", stamp=1.0, cause="", measurement={}, belief={})
        time.sleep(0.5)
        holder.communicate()
        store.flush()


def test_a_table_that_another_program_locks_in_postgresql_is_not_waited_for_for_ever(postgres_url):
    with EventStore(postgres_url) as store:
        other = open_engine(postgres_url)
        with other.begin() as connection:
            connection.exec_driver_sql("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
            store.append("seen", stamp=1.0, cause="", measurement={}, belief={})
            with pytest.raises(StoreError, match=r"lock timeout.*another program"):
                store.flush()
        other.dispose()


FILL = """
import resource, sys
from world_state.store import EventStore
from world_state.errors import StoreError
store = EventStore(sys.argv[1])
if sys.argv[2] != "-":
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
durable = 0
try:
    while True:
        store.append("seen", stamp=0.0, cause="", measurement={}, belief={"x": "x" * 1000, "k": durable})
        store.flush()
        durable += 1
except StoreError as error:
    print(durable)
    print(error)
try:
    store.append("seen", stamp=0.0, cause="", measurement={}, belief={})
except StoreError as error:
    print(error)
"""


def _fill(path, limit="-"):
    done = subprocess.run(
        [sys.executable, "-c", FILL, path, limit], capture_output=True, text=True, timeout=60
    )
    durable, error, later = done.stdout.splitlines()
    assert later == error
    assert "make room on that disk, then start anew" in error
    return int(durable), error


def _check(path, durable):
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT json_extract(belief, '$.k') FROM events ORDER BY id").fetchall()
    assert durable > 10
    assert [k for (k,) in rows] == list(range(durable))


def test_a_file_that_may_not_grow_is_an_error_and_what_was_flushed_is_there(tmp_path):
    durable, _ = _fill(tmp_path / "a.db", "300000")
    _check(tmp_path / "a.db", durable)


def test_a_full_disk_is_an_error_and_what_was_flushed_is_there(tmp_path):
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no disk of 1 MB can be mounted here: {mounted.stderr.strip()}")
    try:
        durable, error = _fill(tmp_path / "a.db")
        assert "full" in error
        _check(tmp_path / "a.db", durable)
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_a_server_that_ends_is_an_error_and_what_was_flushed_is_there(postgres, postgres_url):
    store = EventStore(postgres_url)
    store.append("seen", stamp=1.0, cause="", measurement={}, belief={})
    store.flush()
    postgres.kill()
    store.append("seen", stamp=2.0, cause="", measurement={}, belief={})
    with pytest.raises(StoreError, match="see that the PostgreSQL server runs"):
        store.flush()
    store.close()
    with pytest.raises(StoreError, match=r"cannot open.*see that the PostgreSQL server runs"):
        EventStore(postgres_url)
    postgres.start()
    with EventStore(postgres_url) as store:
        assert [event.stamp for event in store.events()] == [1.0]


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("mysql://root@localhost/x", "SQLite and PostgreSQL"),
        ("postgresql+nothing://localhost/x", "nothing"),
        ("://", "cannot open"),
    ],
)
def test_a_location_that_is_none_says_what_would_be_one(location, words):
    with pytest.raises(StoreError, match=words):
        EventStore(location)


def test_a_password_is_not_told(postgres_url):
    secret = postgres_url.replace("hybridctl@", "nobody:hush@")
    with pytest.raises(StoreError) as caught:
        EventStore(secret)
    assert "hush" not in str(caught.value)
    assert "nobody" in str(caught.value)


@pytest.mark.parametrize(
    ("location", "words"),
    [
        (
            "postgresql://u:secret@h:abc/x",
            r"postgresql://u:\*\*\*@h:abc/x: .*'abc'; expected a file or postg",
        ),
        ("a b://u:secret@h/x", "expected a file or postgresql://USER@HOST/DATABASE"),
    ],
)
def test_a_url_that_cannot_be_read_is_said_without_its_password(location, words):
    with pytest.raises(StoreError, match=words) as refused:
        open_engine(location)
    assert "secret" not in str(refused.value)


def test_a_password_is_hidden_and_the_rest_of_a_location_is_not():
    assert without_password("postgresql://u:p:w@h:5432/x") == "postgresql://u:***@h:5432/x"
    for location in ("postgresql://u@h:5432/x", "postgresql://h:5432/x", "runs/a:b@c/events.db"):
        assert without_password(location) == location
