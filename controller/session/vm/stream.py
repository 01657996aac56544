"""Everything the controller hears from this VM, over one process: facts of runs when they change, and the bytes of the
logs it follows. A JSON line each; a `log` line is followed by exactly that many raw bytes. Ends with its stdin."""
import json
import os
import random
import select
import time

from run_facts import conclude, facts, log_base
from run_files import GREW, HOME, KEY, Run, make_private, run_keys

CHUNK = 262144
WINDOW = 1048576
SCAN_SECONDS = 1
BEAT_SECONDS = 5


def stream():
    own = Stream()
    try:
        own.live()
    except BrokenPipeError:
        pass
    finally:
        own.close()
    return 0


class Stream:
    def __init__(self):
        make_private(os.path.join(HOME, 'runs'))
        make_private(os.path.join(HOME, 'streams'))
        name = '%d.%d' % (os.getpid(), random.getrandbits(48))
        self.bell = os.path.join(HOME, 'streams', name)
        hidden = os.path.join(HOME, 'streams', '.' + name)
        os.mkfifo(hidden, 0o600)
        self.wakes = os.open(hidden, os.O_RDWR | os.O_NONBLOCK)
        os.rename(hidden, self.bell)  # whoever sees the name finds it open
        self.told = {}  # key: facts as last sent
        self.follows = {}  # key: {'sent', 'acked'}
        self.dirty = {}  # keys that may have bytes to send, in turn
        self.requests = b''
        self.open = True
        self.beat = 0

    def close(self):
        os.close(self.wakes)
        if os.path.exists(self.bell):
            os.unlink(self.bell)

    def live(self):
        poll = select.poll()
        poll.register(0, select.POLLIN)
        poll.register(self.wakes, select.POLLIN)
        scan = 0
        synced = False
        while self.open:
            if time.monotonic() >= scan:
                self.scan()
                scan = time.monotonic() + SCAN_SECONDS
                if not synced:
                    synced = True
                    self.send({'t': 'synced'})
            busy = self.send_logs()
            ready = dict(poll.poll(0 if busy else max(0, scan - time.monotonic()) * 1000 + 0.5))
            if self.wakes in ready:
                self.hear()
            if 0 in ready:
                self.take_requests()

    def scan(self):
        """All runs, also those whose supervisor could not tell: it died, or nobody ever woke us."""
        keys = set(run_keys())
        for key in keys | set(self.told):
            if (self.told.get(key) or {}).get('state') != 'ended':
                self.conclude(Run(key))
            elif key in keys:
                continue
            self.tell(key)
        for key in self.follows:
            self.dirty[key] = True
        if time.monotonic() >= self.beat:
            self.send({'t': 'beat'})

    def conclude(self, run):
        try:
            conclude(run)
        except OSError:
            pass  # a full disk: at the next scan

    def hear(self):
        for name in set(os.read(self.wakes, 65536).split(b'\n')):
            said = name.decode('ascii', 'replace')
            key = said.rstrip(GREW)
            if KEY.match(key):
                # Of a log that only grew the bytes are all there is to tell: no other file is looked at for every line.
                if said == key or key not in self.told:
                    self.tell(key)
                if key in self.follows:
                    self.dirty[key] = True

    def tell(self, key):
        """Growth of a log alone is told by its bytes."""
        known = facts(Run(key))
        if known is None and not os.path.exists(self.bell):
            # The whole folder was moved away: of its runs nothing is known until it is back.
            self.open = False
            return
        if known is None:
            if self.told.pop(key, None):
                self.follows.pop(key, None)
                self.dirty.pop(key, None)
                self.send({'t': 'gone', 'run': key})
            return
        if comparable(known) != comparable(self.told.get(key)):
            self.told[key] = known
            self.send({'t': 'run', 'run': key, 'facts': known})

    def take_requests(self):
        data = os.read(0, 65536)
        if not data:
            self.open = False
            return
        lines = (self.requests + data).split(b'\n')
        self.requests = lines.pop()
        for line in lines:
            request = json.loads(line)
            key, offset = request['run'], request['offset']
            if 'follow' in request:
                self.follows[key] = {'sent': offset, 'acked': offset, 'base': log_base(Run(key).read('launch.json'))}
                self.dirty[key] = True
            elif key in self.follows:
                self.take_acknowledgement(key, offset)

    def take_acknowledgement(self, key, offset):
        """One comes for every line: only a log that waited for room has something to send."""
        follow = self.follows[key]
        if room_of(follow) <= 0:
            self.dirty[key] = True
        follow['acked'] = max(follow['acked'], offset)

    def send_logs(self):
        """One chunk of each log that has some, so that a loud run does not silence the others. False: nothing to do."""
        keys, self.dirty = self.dirty, {}
        for key in keys:
            follow = self.follows.get(key)
            if follow and self.send_chunk(Run(key), follow):
                self.dirty[key] = True
        return bool(self.dirty)

    def send_chunk(self, run, follow):
        room = room_of(follow)
        if room <= 0:
            return False
        try:
            with open(run.path('output.log'), 'rb', buffering=0) as file:
                data = os.pread(file.fileno(), room, max(0, follow['sent'] - follow['base']))
        except FileNotFoundError:
            return False
        # After reading: a hole is announced before it is made.
        start = follow['base'] + (run.read('truncated.json') or {}).get('start', 0)
        if follow['sent'] < start:
            follow['sent'] = follow['acked'] = start
            self.send({'t': 'hole', 'run': run.key, 'to': start})
            return True
        if data:
            self.send({'t': 'log', 'run': run.key, 'offset': follow['sent'], 'bytes': len(data)}, data)
            follow['sent'] += len(data)
        # A shorter one went to the end: whatever is appended after it rings.
        return len(data) == room

    def send(self, header, data=b''):
        self.beat = time.monotonic() + BEAT_SECONDS
        view = memoryview(json.dumps(header).encode() + b'\n' + data)
        while view:
            view = view[os.write(1, view):]


def room_of(follow):
    return min(CHUNK, WINDOW - (follow['sent'] - follow['acked']))


def comparable(known):
    return known and dict(known, logBytes=known['logBytes'] if known['state'] == 'ended' else 0)
