"""What wakes a supervisor: a FIFO that requests ring, and a pipe that every signal writes to. Its poll returns for both."""
import os
import signal


def open_wakes(run, resized):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the pane may go; the run stays
    signals, writer = os.pipe()
    os.set_blocking(signals, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGWINCH, lambda *_: resized())
    run.remove('wake')
    os.mkfifo(run.path('wake'), 0o600)
    return signals, os.open(run.path('wake'), os.O_RDWR | os.O_NONBLOCK)
