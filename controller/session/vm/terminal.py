"""The program's own terminal, inside the tmux pane: it leaves the bytes alone (no LF to CRLF) and echoes nothing, so
that the log holds what the program wrote. Output goes to the log first, then to the pane if the pane keeps up."""
import collections
import fcntl
import os
import pty
import struct
import termios
import time

CHUNK = 65536
PANE_BYTES = 131072
ENTER_SECONDS = 0.1
DEFAULT_SIZE = struct.pack('HHHH', 50, 220, 0, 0)


class Terminal:
    def __init__(self):
        self.master, self.slave = pty.openpty()
        self.name = os.ttyname(self.slave)
        attributes = termios.tcgetattr(self.slave)
        attributes[0] &= ~termios.IXON
        attributes[1] &= ~termios.OPOST
        attributes[3] &= ~(termios.ECHO | termios.ECHONL)
        termios.tcsetattr(self.slave, termios.TCSANOW, attributes)
        os.set_blocking(self.master, False)
        self.keys = collections.deque()  # (not before, bytes) for the program
        self.pane = b''
        self.pane_in, self.pane_out = 0, 1
        self.take_pane()
        self.copy_size()

    def take_pane(self):
        """The pane's terminal passes keys on as they are; its output processing stays on, so attach reads right."""
        try:
            attributes = termios.tcgetattr(0)
            attributes[0] &= ~(termios.ICRNL | termios.IXON | termios.INLCR | termios.IGNCR)
            attributes[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
            termios.tcsetattr(0, termios.TCSANOW, attributes)
            os.set_blocking(0, False)
            os.set_blocking(1, False)
        except (OSError, termios.error):
            self.pane_in = self.pane_out = None

    def copy_size(self):
        try:
            size = fcntl.ioctl(0, termios.TIOCGWINSZ, b'\0' * 8)
        except OSError:
            size = DEFAULT_SIZE
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, DEFAULT_SIZE if size[:4] == b'\0' * 4 else size)

    def read(self):
        """What the program wrote; b'' when there is nothing (now, or ever: nobody has the terminal open). The kernel
        hands out 4 KiB at most: gathered, so that log and pane are written less often."""
        parts, size = [], 0
        try:
            while size < CHUNK:
                parts.append(os.read(self.master, CHUNK))
                size += len(parts[-1])
        except OSError:
            pass
        return b''.join(parts)

    def show(self, data):
        """A pane that does not keep up loses what is too much; the log has it all."""
        if self.pane_out is None:
            return
        self.pane = (self.pane + data)[-PANE_BYTES:]
        try:
            while self.pane:
                self.pane = self.pane[os.write(self.pane_out, self.pane):]
        except BlockingIOError:
            pass
        except OSError:
            self.pane_out, self.pane = None, b''

    def read_pane(self):
        """True when a person typed something."""
        try:
            data = os.read(self.pane_in, CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            data = b''
        if not data:
            self.pane_in = None
            return False
        self.keys.append((0, data))
        self.press()
        return True

    def type(self, text):
        """Enter comes a moment later: agents take a carriage return in the same read for part of a paste."""
        self.keys.append((0, text.encode()))
        self.keys.append((time.monotonic() + ENTER_SECONDS, b'\r'))
        self.press()

    def press(self):
        """Gives the program the keys that are due, as far as its terminal takes them."""
        try:
            while self.keys and self.keys[0][0] <= time.monotonic():
                due, data = self.keys.popleft()
                self.keys.appendleft((due, data))
                written = os.write(self.master, data)
                self.keys.popleft()
                if written < len(data):
                    self.keys.appendleft((due, data[written:]))
        except OSError:
            pass

    def next_key(self):
        return self.keys[0][0] if self.keys else None

    def hang_up(self):
        """From here on the master reads to its end, unless a stray process still has the terminal."""
        os.close(self.slave)

