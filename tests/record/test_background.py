import time
from threading import Event, get_ident

import pytest

from hybridctl.record.background import Background


@pytest.fixture(params=[True, False], ids=["keep all", "drop"])
def keep_all(request):
    return request.param


def test_jobs_are_done_in_order_on_another_thread(keep_all):
    done = []
    worker = Background("test", room=100, keep_all=keep_all)
    for k in range(50):
        assert worker.do(lambda k=k: done.append((k, get_ident())))
    worker.close()
    assert [k for k, _ in done] == list(range(50))
    assert get_ident() not in {thread for _, thread in done}
    worker.close()


def test_a_full_queue_makes_the_caller_wait_and_loses_nothing():
    done = []
    worker = Background("test", room=1, keep_all=True)
    started = time.perf_counter()
    for k in range(6):
        assert worker.do(lambda k=k: (time.sleep(0.05), done.append(k)))
    assert time.perf_counter() - started > 0.1
    worker.close()
    assert done == list(range(6))
    assert worker.dropped == 0


def test_a_full_queue_drops_and_counts_where_the_caller_must_not_wait():
    begun, let_go, done = Event(), Event(), []

    def first():
        begun.set()
        let_go.wait(10)

    worker = Background("test", room=2, keep_all=False)
    worker.do(first)
    assert begun.wait(10)
    started = time.perf_counter()
    assert [worker.do(lambda k=k: done.append(k)) for k in range(5)] == [True, True, False, False, False]
    assert time.perf_counter() - started < 1.0
    let_go.set()
    worker.close()
    assert (done, worker.dropped) == ([0, 1], 3)


def test_an_error_is_kept_and_ends_the_work_but_not_the_program(keep_all):
    done = []
    worker = Background("test", room=3, keep_all=keep_all)
    worker.do(lambda: 1 / 0)  # type: ignore[arg-type]
    for _ in range(10):  # more than there is room for: nobody waits for ever
        worker.do(lambda: done.append(1))
    worker.close()
    assert isinstance(worker.error, ZeroDivisionError)
    assert done == []
