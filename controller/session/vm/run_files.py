"""The files of a run on this VM: where they are, how they are written so that a crash at any instruction leaves either
the old or the new, and what can be concluded from them. Python 3.8, standard library only."""
import fcntl
import functools
import hashlib
import json
import os
import re
import stat
import time

HOME = os.path.abspath(os.path.expanduser(os.environ.get('BERTH_HOME') or '~/.berth'))
KEY = re.compile(r'^[A-Za-z0-9_-]{1,64}\.[0-9]{1,9}$')
SECRETS = ('secrets.json', 'git-credentials', 'git-key', 'prompt')


class Refused(Exception):
    """A request that can not be carried out as things are; the message is for people."""


class Run:
    """One attempt of one session: HOME/runs/<uid>.<attempt>/."""

    def __init__(self, key):
        if not KEY.match(key):
            raise Refused('not the name of a run: %r' % key[:100])
        self.key = key
        self.uid, attempt = key.rsplit('.', 1)
        self.attempt = int(attempt)
        self.dir = os.path.join(HOME, 'runs', key)

    def path(self, *names):
        return os.path.join(self.dir, *names)

    @functools.cached_property
    def own_user(self):
        """Its name, as decided at the launch; None where the run's user is whom we log in as."""
        launch = self.read('launch.json')
        return launch and launch.get('ownUser')

    @property
    def home(self):
        """Of the run's own user; None where it has none."""
        return self.own_user and '/home/' + self.own_user

    def own(self, name):
        """What the program itself reads or writes, beside its workspace."""
        return os.path.join(self.home, '.berth', name) if self.home else self.path(name)

    def workspace(self):
        return os.path.join(self.home, 'workspace') if self.home else self.path('workspace')

    def has(self, name):
        return os.path.exists(self.path(name))

    def read(self, name):
        """The JSON value of a file, None when there is no such file."""
        try:
            return json.loads(self.read_bytes(name))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def read_bytes(self, name):
        with open(self.path(name), 'rb', buffering=0) as file:
            return file.read()

    def write(self, name, value):
        write_atomically(self.path(name), json.dumps(value).encode())

    def write_at_last(self, name, value):
        """However long the disk is full: what is written down here is known to nobody else."""
        while True:
            try:
                return self.write(name, value)
            except OSError:
                time.sleep(1)

    def claim(self, name, value):
        """Creates the file with its whole content unless it exists: True for exactly one caller, ever."""
        path = self.path(name)
        temporary = write_temporary(path, json.dumps(value).encode())
        try:
            os.link(temporary, path)
            sync_directory(os.path.dirname(path))
            return True
        except FileExistsError:
            return False
        finally:
            os.unlink(temporary)

    def remove(self, *names):
        for name in names:
            try:
                os.unlink(self.path(name))
            except FileNotFoundError:
                pass

    def deadline(self):
        """Seconds since the epoch; None when it may run for ever. May change while it runs."""
        kept = self.read('deadline.json')
        return kept and kept['deadline']

    def alive(self):
        """Whether a supervisor holds this run. A shared lock, so that lookers do not hide each other."""
        descriptor = take_lock(self.path('lock'), fcntl.LOCK_SH)
        if descriptor is None:
            return True
        os.close(descriptor)
        return False

    def wake(self):
        """Makes the supervisor look at its requests now; nobody listening is fine."""
        ring(self.path('wake'))

    def socket(self):
        """Address of this run's tmux server. Unix socket paths are limited to 107 bytes and HOME may be longer; not in
        XDG_RUNTIME_DIR, which is removed with the user's last login while the session goes on."""
        folder = '/tmp/berth-%d' % os.geteuid()
        make_private(folder)
        found = os.lstat(folder)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise Refused('%s is not a private directory of this user; remove it' % folder)
        return os.path.join(folder, hashlib.sha256(self.dir.encode()).hexdigest()[:24])


def make_private(path):
    try:
        os.makedirs(path, mode=0o700)
    except FileExistsError:
        pass


def take_lock(path, kind):
    """A descriptor that holds the lock until closed or the process ends; None when somebody else has it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError:
        return os.open(os.devnull, os.O_RDONLY)  # the run's folder is gone: nobody holds it
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        return descriptor
    except BlockingIOError:
        os.close(descriptor)
        return None


def wait_for_lock(path, seconds):
    """Exclusive. Lookers hold the lock shared for an instant, so one failure does not mean that a supervisor has it."""
    until = time.monotonic() + seconds
    while True:
        descriptor = take_lock(path, fcntl.LOCK_EX)
        if descriptor is not None or time.monotonic() > until:
            return descriptor
        time.sleep(0.02)


def write_temporary(path, content):
    temporary = '%s.%d.%d.tmp' % (path, os.getpid(), time.monotonic_ns())
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view):]
        os.fsync(descriptor)
    except BaseException:
        os.unlink(temporary)
        raise
    finally:
        os.close(descriptor)
    return temporary


def write_atomically(path, content):
    temporary = write_temporary(path, content)
    os.rename(temporary, path)
    sync_directory(os.path.dirname(path))


def sync_directory(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def ring(fifo, line=b'\n'):
    """True unless nobody has the FIFO open any more. A full one means that its reader has been woken already."""
    try:
        descriptor = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        os.write(descriptor, line)
    except BlockingIOError:
        pass
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


GREW = '+'


def ring_streams(key, what=''):
    """Tells every stream of this VM that something about the run changed, or that its log GREW and nothing else; forgets
    streams that died."""
    folder = os.path.join(HOME, 'streams')
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        # A name that begins with a dot is not open yet.
        if not name.startswith('.') and not ring(os.path.join(folder, name), (key + what).encode() + b'\n'):
            try:
                os.unlink(os.path.join(folder, name))
            except FileNotFoundError:
                pass


def run_keys():
    try:
        return [name for name in os.listdir(os.path.join(HOME, 'runs')) if KEY.match(name)]
    except FileNotFoundError:
        return []


def boot_id():
    try:
        with open('/proc/sys/kernel/random/boot_id', encoding='ascii') as file:
            return file.read().strip()
    except OSError:
        return ''


def timestamp(seconds=None):
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(seconds))


def log_size(run):
    try:
        return os.stat(run.path('output.log')).st_size
    except FileNotFoundError:
        return 0
