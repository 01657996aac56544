"""The log of a run: every byte the program wrote, in order, appended. Offsets never change: past the limit the oldest
bytes are given back to the file system by punching a hole, and `truncated.json` says how far."""
import ctypes
import os

ROLLING_BYTES = 64 << 20
STEP_BYTES = 8 << 20
BLOCK = 4096
KEEP_SIZE, PUNCH_HOLE = 1, 2


class OutputLog:
    def __init__(self, run, limit):
        self.run, self.limit = run, limit
        self.file = os.open(run.path('output.log'), os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        self.size = os.fstat(self.file).st_size
        self.start = (run.read('truncated.json') or {}).get('start', 0)
        self.pending = b''

    def append(self, data):
        self.pending = data
        self.flush()

    def flush(self):
        """What could not be written (full disk) stays pending: the caller reads no more until it is."""
        try:
            while self.pending:
                written = os.write(self.file, self.pending)
                self.size += written
                self.pending = self.pending[written:]
        except OSError:
            return
        if self.limit and self.size > self.limit and self.size - self.start > ROLLING_BYTES + STEP_BYTES:
            self.roll()

    def roll(self):
        start = (self.size - ROLLING_BYTES) // BLOCK * BLOCK
        # First say so: a reader that finds no hole announced after reading has read bytes, not zeros.
        try:
            self.run.write('truncated.json', {'start': start})
        except OSError:
            return
        punch_hole(self.file, self.start, start - self.start)
        self.start = start

    def close(self):
        os.fsync(self.file)
        os.close(self.file)


def punch_hole(file, offset, length):
    """Where the file system can not, the log just stays longer."""
    try:
        ctypes.CDLL(None).fallocate(file, KEEP_SIZE | PUNCH_HOLE, ctypes.c_int64(offset), ctypes.c_int64(length))
    except AttributeError:
        pass
