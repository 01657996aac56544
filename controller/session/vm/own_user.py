"""A Linux user and a systemd scope for each run, where the VM is reached over SSH, has systemd, and lets us become root.
Elsewhere runs share the user we log in as. With them the supervisor and its tmux are root's; it acts as the user we log in as
(effective ids), so that the files of a run are that user's everywhere, and is root only where it says so."""
import contextlib
import glob
import hashlib
import os
import pwd
import shutil
import subprocess
import sys
import time

from identity import acting_for, as_root
from process_tree import kill_marked
from program import Unstartable
from run_files import HOME, SECRETS, wait_for_lock

TOOL_SECONDS = 30
SLICE = 'berth.slice'
SLICE_CGROUP = '/sys/fs/cgroup/' + SLICE
# A build with a process or a thread for everything has hundreds; a fork bomb is over long before the VM notices. Without
# Delegate newer systemds (253) stop the whole scope where the kernel ended one process of it for want of memory.
LIMITS = ('MemorySwapMax=0', 'TasksMax=4096', 'TimeoutStopSec=10', 'Delegate=yes')
# What the VM itself needs beside its sessions.
RESERVED_MIB, RESERVED_PART = 256, 20
SCRATCH = ('/tmp', '/var/tmp', '/dev/shm')


def own_user_name(run):
    """None where runs share a user: on the controller's own machine, and where the VM does not allow more."""
    if 'SSH_CONNECTION' not in os.environ or os.environ.get('BERTH_USERS') == 'shared':
        return None
    if not os.path.isdir('/run/systemd/system') or not os.path.exists('/sys/fs/cgroup/cgroup.controllers'):
        return None
    if shutil.which('useradd', path='/usr/sbin:/sbin') is None or os.geteuid() != 0 and not may_sudo():
        return None
    return 'berth-' + hashlib.sha256(run.dir.encode()).hexdigest()[:10]


def may_sudo():
    return shutil.which('sudo') is not None and subprocess.run(['sudo', '-n', 'true'], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                                               check=False).returncode == 0


def as_roots(argv):
    """The command line that does it as root, from whoever we log in as. No variable of ours but this one passes sudo."""
    return ([] if os.geteuid() == 0 else ['sudo', '-n', '--']) + ['env', 'BERTH_HOME=' + HOME] + argv


def act_as_owner():
    """Of these files: whoever delivered them. What root started for them leaves nothing of root's behind."""
    owner = os.stat(os.path.abspath(__file__))
    if os.getuid() == 0 and owner.st_uid != 0:
        os.setgroups([])
        os.setegid(owner.st_gid)
        os.seteuid(owner.st_uid)


def end_left_behind(run):
    """Kills what an ended supervisor left behind, whoever it belongs to."""
    if run.own_user is None:
        kill_marked(run)
    elif os.getuid() == 0:
        OwnUser(run).end()
    else:
        call_as_root('end', run.key)


def remove_own_user(run):
    """With its home and whatever else it has where everybody may write."""
    if run.own_user is None:
        return
    if os.getuid() == 0:
        OwnUser(run).remove()
    else:
        call_as_root('remove-user', run.key)


def call_as_root(verb, key):
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'berth_vm.py')
    done = subprocess.run(as_roots([sys.executable, '-ESs', program, verb, key]), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise OSError('root could not do this: %s: %s' % (verb, last_line(done.stderr)))


class OwnUser:
    """Of one run; used by its supervisor, which runs as root."""

    def __init__(self, run):
        self.run, self.name = run, run.own_user
        self.keeper = self.scope = self.memory_mib = None
        self.scopes = 0
        self.find()

    def find(self):
        try:
            found = pwd.getpwnam(self.name)
        except KeyError:
            self.uid = self.gid = None
            return False
        self.uid, self.gid = found.pw_uid, found.pw_gid
        return True

    def make(self, spec):
        """The user with a home of its own; there may be one from a supervisor that died."""
        session = '%s/%s' % (spec['session']['namespace'], spec['session']['name'])
        self.memory_mib = spec.get('memoryMiB')
        with changing_users(), as_root():
            if not self.find():
                tool('useradd', '--create-home', '--home-dir', self.run.home, '--shell', '/bin/bash', '--comment', 'Berth session ' + session,
                     '-K', 'HOME_MODE=0700', self.name)
                self.find()
            os.chmod(self.run.home, 0o700)
        with acting_for(self.run):
            os.makedirs(self.run.own(''), mode=0o700, exist_ok=True)

    def open_scope(self):
        """All that ever runs as this user is put into it. A process that only waits keeps it from one command to the next."""
        if self.keeper is not None and self.keeper.poll() is None:
            return
        self.scopes += 1
        unit = '%s-%d.scope' % (self.name, self.scopes)
        with as_root():
            tool('systemctl', 'set-property', '--runtime', SLICE, 'MemoryMax=%dM' % ceiling_mib(), 'TasksMax=75%')
            memory = 'MemoryMax=%dM' % self.memory_mib if self.memory_mib else 'MemoryMax=infinity'
            limits = [word for limit in (memory,) + LIMITS for word in ('-p', limit)]
            self.keeper = subprocess.Popen(['systemd-run', '--scope', '--quiet', '--collect', '--slice', SLICE, '--unit', unit] + limits +
                                           ['sleep', 'infinity'], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                           start_new_session=True)
        self.scope = os.path.join(SLICE_CGROUP, unit)
        until = time.monotonic() + TOOL_SECONDS
        while not holds(self.scope, self.keeper.pid):
            if self.keeper.poll() is not None or time.monotonic() > until:
                self.close_scope()
                raise Unstartable('systemd gives the session no scope: %s' % last_line(self.keeper.stderr.read()))
            time.sleep(0.02)

    def become(self):
        """In a child that is root still: from here on it is this user's, for good."""
        with open(os.path.join(self.scope, 'cgroup.procs'), 'w', encoding='ascii') as file:
            file.write('0')
        os.setgroups([])
        os.setgid(self.gid)
        os.setuid(self.uid)

    def close(self):
        self.remove_secrets()
        self.close_scope()

    def close_scope(self):
        if self.keeper is not None:
            with as_root(), contextlib.suppress(ProcessLookupError):
                self.keeper.kill()

    def what_befell(self):
        """What its exit code alone would not tell; None where there is nothing."""
        try:
            with open(os.path.join(self.scope, 'memory.events'), encoding='ascii') as file:
                ended = int(dict(line.split() for line in file)['oom_kill'])
        except (OSError, KeyError, TypeError):
            return None
        return ended and 'the kernel ended %d of its processes at its limit of %s MiB of memory' % (ended, self.memory_mib)

    def kill_scopes(self):
        """All at once: nothing forks away from it."""
        for path in glob.glob(os.path.join(SLICE_CGROUP, self.name + '-*.scope', 'cgroup.kill')):
            with contextlib.suppress(OSError), open(path, 'w', encoding='ascii') as file:
                file.write('1')

    def remove_secrets(self):
        if self.uid is None:
            return
        with acting_for(self.run):
            for name in SECRETS:
                with contextlib.suppress(OSError):
                    os.unlink(self.run.own(name))

    def end(self):
        with as_root():
            self.kill_scopes()
        kill_marked(self.run, self)
        self.remove_secrets()

    def remove(self):
        with changing_users(), as_root():
            if self.find():
                self.kill_scopes()
                kill_marked(self.run, self)
                tool('find', *(path for path in SCRATCH if os.path.isdir(path)), '-xdev', '-user', self.name, '-delete', patient=True)
                tool('userdel', '--remove', self.name)


@contextlib.contextmanager
def changing_users():
    """One at a time: /etc/passwd has a lock that nobody waits for."""
    lock = wait_for_lock(os.path.join(HOME, 'users.lock'), TOOL_SECONDS)
    if lock is None:
        raise Unstartable('another user is being made or removed on the VM, and it does not come to an end')
    try:
        yield
    finally:
        os.close(lock)


def tool(name, *arguments, patient=False):
    done = subprocess.run((name,) + arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0 and not patient:
        raise Unstartable("the session's own user: %s: %s" % (name, last_line(done.stderr)))


def ceiling_mib():
    total = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') >> 20
    return total - max(RESERVED_MIB, total // RESERVED_PART)


def holds(scope, pid):
    try:
        with open(os.path.join(scope, 'cgroup.procs'), encoding='ascii') as file:
            return str(pid) in file.read().split()
    except OSError:
        return False


def machine_is_stopping():
    """The programs are told to end before we are: their ends are the machine's then, not their own."""
    done = subprocess.run(['systemctl', 'is-system-running'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=False)
    return done.stdout.strip() == b'stopping'


def last_line(said):
    return (said.decode(errors='replace').strip().split('\n') or [''])[-1][:500] or 'it did not say why'
