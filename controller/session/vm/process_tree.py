"""The processes of a run: all descendants of its supervisor, and whatever else carries the run's mark in its
environment (for the case that the supervisor died). Ends them: SIGTERM, patience, SIGKILL, until none is left."""
import ctypes
import os
import signal
import time

from identity import as_root

GRACE_SECONDS = 10
PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans():
    """Processes that detach themselves become our children instead of init's, so that they stay in the tree."""
    try:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    except (OSError, AttributeError):
        pass


def process_table():
    """{pid: (parent, group, start time)} of all that run; zombies are not listed."""
    table = {}
    for name in os.listdir('/proc'):
        if name.isdigit():
            try:
                with open('/proc/%s/stat' % name, 'rb') as file:
                    # The command name may hold spaces and parentheses: fields count from the last one.
                    fields = file.read().rsplit(b')', 1)[1].split()
            except (OSError, IndexError):
                continue
            if fields[0] not in (b'Z', b'X'):
                table[int(name)] = (int(fields[1]), int(fields[2]), int(fields[19]))
    return table


def descendants(table, root):
    children = {}
    for pid, (parent, _, _) in table.items():
        children.setdefault(parent, []).append(pid)
    found, todo = set(), [root]
    while todo:
        below = [pid for pid in children.get(todo.pop(), ()) if pid not in found]
        found.update(below)
        todo.extend(below)
    return found


def marked(table, run):
    marks = {b'BERTH_SESSION_UID=' + run.uid.encode(), b'BERTH_ATTEMPT=%d' % run.attempt}
    found = set()
    for pid in table:
        try:
            with open('/proc/%d/environ' % pid, 'rb') as file:
                if marks <= set(file.read().split(b'\0')):
                    found.add(pid)
        except OSError:
            pass
    return found


def owned(table, uid):
    """Of a user that has nothing but this run, also what escaped from its tree (cron)."""
    found = set()
    for pid in table:
        try:
            if os.stat('/proc/%d' % pid).st_uid == uid:
                found.add(pid)
        except OSError:
            pass
    return found


class Ladder:
    """Ends what runs, one rung at a time. `step` is called until it says that nothing is left."""

    def __init__(self, run, root=None, user=None):
        self.run, self.root, self.user = run, root, user
        self.mode = None
        self.kill_at = None
        self.terminated = set()

    def ask(self, mode):
        now = time.monotonic()
        if mode == 'Immediate':
            self.kill_at = now
        elif self.mode is None:
            self.kill_at = now + GRACE_SECONDS
        else:
            return
        self.mode = mode

    def members(self):
        table = process_table()
        found = marked(table, self.run)
        if self.root is not None:
            found |= descendants(table, self.root)
        spared = {os.getpid()}
        if self.user is not None:
            found |= owned(table, self.user.uid)
            spared.add(self.user.keeper and self.user.keeper.pid)
        return {(pid, table[pid][2]) for pid in found if pid not in spared}

    def step(self):
        """True when nothing is left. A process may fork between our look and our signal: hence the repetition."""
        with as_root():
            members = self.members()
            kill = time.monotonic() >= self.kill_at
            if kill and members and self.user is not None:
                self.user.kill_scopes()
            for member in members:
                if kill:
                    send(member[0], signal.SIGKILL)
                elif member not in self.terminated:
                    self.terminated.add(member)
                    send(member[0], signal.SIGTERM)
                    send(member[0], signal.SIGCONT)  # a stopped process takes no SIGTERM
            return not members


def send(pid, number):
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def kill_marked(run, user=None, seconds=5):
    """Kills at once what an ended supervisor left behind."""
    ladder = Ladder(run, user=user)
    ladder.ask('Immediate')
    until = time.monotonic() + seconds
    while not ladder.step() and time.monotonic() < until:
        time.sleep(0.02)
