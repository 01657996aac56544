"""Whether the program waits for a person: it said so in BERTH_WAITING_FILE, or it reads its terminal and is silent."""
import contextlib
import os
import platform
import re
import time

from identity import acting_for, as_root
from run_files import timestamp

SILENT_SECONDS = 2
QUESTION_CHARACTERS = 256
TAIL_BYTES = 4096
READ_SYSCALL = {'x86_64': 0, 'aarch64': 63, 'riscv64': 63, 'ppc64le': 3, 's390x': 3}.get(platform.machine())
CONTROL = re.compile(r'\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]')


class Waiting:
    def __init__(self, run, master, terminal):
        self.run, self.master, self.terminal = run, master, terminal
        self.tail = b''
        self.moved = time.monotonic()
        self.since = None
        self.question = None

    def output(self, data):
        self.tail = (self.tail + data)[-TAIL_BYTES:]
        self.moved = time.monotonic()

    def answered(self):
        self.moved = time.monotonic()
        with acting_for(self.run), contextlib.suppress(OSError):
            os.unlink(self.run.own('waiting-question'))

    def look(self):
        """True when what others should know has changed."""
        waits, question = self.present()
        if not waits and self.since is not None:
            self.since = self.question = None
            self.run.remove('waiting.json')
            return True
        if waits and (self.since is None or question != self.question):
            self.since = self.since or timestamp()
            self.question = question
            self.run.write('waiting.json', dict({'since': self.since}, **({'question': question} if question else {})))
            return True
        return False

    def present(self):
        said = self.said()
        if said:
            return True, said
        if time.monotonic() - self.moved >= SILENT_SECONDS and self.reads_terminal():
            return True, last_line(self.tail)
        return False, None

    def said(self):
        """Its own file, its own say: nothing of it may hold us up."""
        try:
            with acting_for(self.run):
                file = os.open(self.run.own('waiting-question'), os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            return ''
        try:
            return last_line(os.read(file, TAIL_BYTES))
        except OSError:
            return ''
        finally:
            os.close(file)

    def reads_terminal(self):
        try:
            group = os.tcgetpgrp(self.master)
        except OSError:
            return False
        if group <= 0 or READ_SYSCALL is None:
            return False
        with as_root():
            return any(reads(pid, self.terminal) for pid in with_children(group))


def with_children(leader):
    """The leader of the foreground group and what is below it: a few files, where all of /proc would be hundreds."""
    found = [leader]
    for pid in found:
        try:
            with open('/proc/%d/task/%d/children' % (pid, pid), encoding='ascii') as file:
                found.extend(int(child) for child in file.read().split())
        except OSError:
            pass
    return found


def reads(pid, terminal):
    """Whether the process is blocked in read(2) of the terminal."""
    try:
        with open('/proc/%d/syscall' % pid, encoding='ascii') as file:
            call = file.read().split()
        return len(call) > 1 and call[0] == str(READ_SYSCALL) and os.readlink('/proc/%d/fd/%d' % (pid, int(call[1], 16))) == terminal
    except (OSError, ValueError):
        return False


def last_line(data):
    lines = CONTROL.sub('', data.decode(errors='replace').replace('\r', '\n')).split('\n')
    return next((line.strip() for line in reversed(lines) if line.strip()), '')[-QUESTION_CHARACTERS:]
