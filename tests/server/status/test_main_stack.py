"""Another thread reads the stack of the main thread, which notes it in a signal's handler."""

from __future__ import annotations

import signal
import threading
from concurrent.futures import ThreadPoolExecutor

from server.status.main_stack import SIGNAL, MainStack


def read_while_busy(main: MainStack, pool: ThreadPoolExecutor, seconds: float = 10) -> list[str]:
    """Read the stack in another thread, while the main thread is in this function."""
    content, is_busy, found = "content of a document", threading.Event(), []

    def read() -> None:
        is_busy.wait()
        found.append(main.read(seconds))

    pool.submit(read)
    is_busy.set()
    while not found:
        content.upper()
    return found[0]


def test_a_thread_reads_files_lines_and_functions_of_the_main_thread() -> None:
    main = MainStack()
    with ThreadPoolExecutor(1) as pool, main.readable():
        stack = read_while_busy(main, pool)
    assert any(line.startswith(f"{__file__}:") and "read_while_busy" in line for line in stack)
    assert "content of a document" not in "".join(stack)


def test_a_stack_that_comes_too_late_is_not_the_answer_to_the_next_call() -> None:
    main = MainStack()
    with ThreadPoolExecutor(1) as pool, main.readable():
        assert SIGNAL is not None
        signal.pthread_sigmask(signal.SIG_BLOCK, [SIGNAL])
        assert pool.submit(main.read, 0.01).result() == []
        assert pool.submit(main.read, 0.01).result() == []
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [SIGNAL])
        assert "read_while_busy" in "".join(read_while_busy(main, pool))


def test_only_a_process_whose_main_thread_allows_it_gets_a_signal() -> None:
    main = MainStack()
    assert SIGNAL is not None
    before = signal.getsignal(SIGNAL)

    def elsewhere() -> list[str]:
        with main.readable():
            assert signal.getsignal(SIGNAL) == before
            return main.read(10)

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(elsewhere).result() == []
    with main.readable():
        assert signal.getsignal(SIGNAL) != before
    assert signal.getsignal(SIGNAL) == before
    assert main.read(10) == []
