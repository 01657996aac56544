"""Lives as long as one run, in its tmux pane: prepares the source, starts the program at most once, logs its output,
keeps its deadline, carries out requests, and writes down how it ended. Nothing else needs to be there meanwhile."""
import os
import select
import subprocess
import sys
import time
import traceback

import source
from output_log import OutputLog
from identity import as_root
from own_user import OwnUser, machine_is_stopping
from process_tree import Ladder, adopt_orphans
from program import Unstartable, environment, start, start_command
from run_facts import end_unstarted, requested_stop
from run_files import GREW, HOME, SECRETS, boot_id, log_size, ring_streams, timestamp, wait_for_lock
from terminal import Terminal
from waiting import Waiting
from wakes import open_wakes

LOOK_SECONDS = 1
STEP_SECONDS = 0.05
RING_SECONDS = 0.01
LOCK_SECONDS = 2


def supervise(run):
    lock = wait_for_lock(run.path('lock'), LOCK_SECONDS)
    if lock is None or run.has('exit.json') or run.has('started.json') or not run.has('launch.json'):
        return 0
    error = os.open(run.path('supervisor.err'), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        Supervisor(run).live()
    except BaseException as failure:
        os.write(error, traceback.format_exc().encode())
        if run.has('started.json'):
            return 1  # lost: whoever looks next says so, and ends what runs
        end_unstarted(run, 'launch', 'the supervisor failed: %s' % (str(failure) or type(failure).__name__)[:500])
    finally:
        ring_streams(run.key)
        os.close(lock)
    end_terminal = ['tmux', '-S', run.socket(), 'kill-server']
    with as_root():
        subprocess.run(end_terminal, stderr=subprocess.DEVNULL, check=False)
    return 0


class Supervisor:
    def __init__(self, run):
        self.run = run
        self.spec = run.read('launch.json')
        self.secrets = run.read('secrets.json') or {}
        self.user = OwnUser(run) if run.own_user else None
        self.asked = None  # the mode in which it is being stopped
        self.stop = None  # the mode of a requested stop
        self.terminal = self.log = self.waiting = None
        self.late = False  # the deadline ended it
        self.ended, self.next_look, self.next_ring = None, 0, 0
        self.unheard = False
        self.poll = select.poll()
        self.wakes = open_wakes(run, lambda: self.terminal and self.terminal.copy_size())
        for descriptor in self.wakes:
            self.poll.register(descriptor, select.POLLIN)

    def live(self):
        adopt_orphans()
        self.look()
        try:
            if self.user:
                self.user.make(self.spec)
            source.prepare(self.run, self.spec.get('git'), self.secrets.get('git'), self.attend_command)
            if self.asked:
                raise Unstartable('stopped before the program was started')
            status = self.run_program()
        except source.SourceError as error:
            return self.end('deadline' if self.late else 'source', None, str(error))
        except Unstartable as error:
            return self.end('deadline' if self.late else 'launch', None, str(error))
        return self.end('deadline' if self.late else 'exited', status)

    def attend_command(self, argv, env, output):
        """One command of the preparation, under the same ladder and deadline as the program."""
        if self.asked:
            raise source.SourceError('stopped while the source was being fetched')
        child = start_command(argv, dict(environment(self.run, self.spec, {}), **env), output, self.user)
        status = self.attend(child)
        if self.asked:
            raise source.SourceError('stopped while the source was being fetched')
        return status

    def run_program(self):
        env = environment(self.run, self.spec, self.secrets.get('env') or {})
        self.terminal = Terminal()
        self.log = OutputLog(self.run, self.spec.get('maxOutputBytes'))
        self.waiting = Waiting(self.run, self.terminal.master, self.terminal.name)
        child = start(self.run, self.spec, env, self.terminal.slave, self.claim, self.user)
        self.run.remove('secrets.json')
        self.poll.register(self.terminal.master, select.POLLIN)
        if self.terminal.pane_in is not None:
            self.poll.register(self.terminal.pane_in, select.POLLIN)
        ring_streams(self.run.key)
        self.next_look = 0
        status = self.attend(child)
        self.drain()
        return status

    def claim(self):
        """Taken right before the start: whoever comes later, after whatever crash, does not start it again."""
        if os.path.exists(os.path.join(HOME, 'deleting')):
            raise Unstartable('this VM is being deleted')
        if not self.run.claim('started.json', {'startTime': timestamp(), 'bootID': boot_id(), 'supervisor': os.getpid()}):
            sys.exit(0)

    def attend(self, child):
        """Until the child has ended and nothing of its tree is left; returns its wait status. What it leaves in the
        background when it ends by itself goes the same way as when it is stopped."""
        status, ladder, next_step = None, Ladder(self.run, os.getpid(), self.user), 0
        while True:
            status = self.reap(child, status)
            now = time.monotonic()
            if now >= self.next_look:
                self.look()
            if self.asked:
                ladder.ask(self.asked)
            if status is not None:
                ladder.ask('Graceful')
            if ladder.mode and now >= next_step:
                next_step = now + STEP_SECONDS
                if ladder.step() and status is not None:
                    return status
            self.exchange(min(self.patience(), STEP_SECONDS) if ladder.mode else self.patience())

    def reap(self, child, status):
        """As subreaper we have children we never started."""
        while True:
            try:
                pid, found = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return status
            if pid == 0:
                return status
            if pid == child.pid:
                child.returncode = status = found
                self.ended = time.time()

    def look(self):
        """Requests, deadline, typing, waiting: on every wake, and once a second."""
        self.next_look = time.monotonic() + LOOK_SECONDS
        self.stop = requested_stop(self.run)
        self.asked = self.stop or self.asked
        deadline = self.run.deadline()
        if deadline is not None and time.time() >= deadline and not self.asked:
            self.late, self.asked = True, 'Graceful'
        try:
            if self.waiting and (self.deliver_input() | self.waiting.look()):
                ring_streams(self.run.key)
        except OSError:
            pass  # a full disk: at the next look

    def deliver_input(self):
        names = os.listdir(self.run.path('input'))
        todo = sorted(name for name in names if name.endswith('.json') and name[:-4] + 'done' not in names)
        for name in todo:
            request = self.run.read(os.path.join('input', name))
            # The marker first: a crash between the two means never typed, not twice.
            self.run.claim(os.path.join('input', name[:-4] + 'done'), {'id': request['id']})
            self.terminal.type(request['text'])
            self.waiting.answered()
        return bool(todo)

    def patience(self):
        now = time.monotonic()
        due = [self.next_look]
        if self.unheard:
            due.append(self.next_ring)
        if self.terminal and self.terminal.keys:
            due.append(max(self.terminal.next_key(), now + RING_SECONDS))
        return max(0, min(due) - now)

    def exchange(self, seconds):
        """Waits for anything to happen, at most so long, and moves bytes between program, log, pane and keyboard."""
        if self.log and self.log.pending:
            self.log.flush()
            if self.log.pending:
                return time.sleep(min(seconds, LOOK_SECONDS))
        ready = dict(self.poll.poll(seconds * 1000 + 0.5))
        for wake in self.wakes:
            if wake in ready:
                os.read(wake, 65536)
                self.next_look = 0 if wake == self.wakes[1] else self.next_look
        if self.terminal:
            if self.terminal.master in ready and not self.copy_output() and ready[self.terminal.master] & select.POLLHUP:
                # The kernel hangs up a terminal when its session leader, the program, ends.
                self.poll.unregister(self.terminal.master)
            if self.terminal.pane_in in ready:
                pane = self.terminal.pane_in
                if self.terminal.read_pane():
                    self.waiting.answered()
                if self.terminal.pane_in is None:
                    self.poll.unregister(pane)
            self.terminal.press()
            self.terminal.show(b'')
        self.tell()

    def copy_output(self):
        data = self.terminal.read()
        if data:
            self.log.append(data)
            self.waiting.output(data)
            self.terminal.show(data)
            self.unheard = True
        return data

    def tell(self):
        """Streams hear of new output at once, but not of every single write."""
        now = time.monotonic()
        if self.unheard and now >= self.next_ring:
            self.unheard = False
            self.next_ring = now + RING_SECONDS
            ring_streams(self.run.key, GREW)

    def drain(self):
        """To the last byte, but not for ever: a stray process may still have the terminal open."""
        self.terminal.hang_up()
        last = select.poll()
        last.register(self.terminal.master, select.POLLIN)
        while last.poll(100) and self.copy_output():
            while self.log.pending:
                time.sleep(LOOK_SECONDS)
                self.log.flush()

    def end(self, cause, status, message=None):
        if self.log:
            self.log.close()
        if self.user and machine_is_stopping():
            return
        record = {'cause': cause, 'endTime': timestamp(self.ended), 'logBytes': log_size(self.run)}
        if status is not None:
            record.update({'signal': os.WTERMSIG(status)} if os.WIFSIGNALED(status) else {'code': os.WEXITSTATUS(status)})
        message = message or self.user and self.user.what_befell()
        if message:
            record['message'] = message
        if self.stop:
            record['stopping'] = self.stop  # one that comes from now on comes too late
        self.run.write_at_last('exit.json', record)
        self.run.remove(*SECRETS, 'waiting.json')
        if self.user:
            self.user.close()
