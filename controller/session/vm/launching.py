"""Takes a run over, at most once, within what the VM can carry, and starts its supervisor in a tmux server of its own."""
import os
import shutil
import subprocess
import sys
import time

from own_user import as_roots, end_left_behind, own_user_name
from program import own_environment
from run_facts import all_facts, end_unstarted, facts
from run_files import HOME, Refused, Run, make_private, ring_streams, run_keys, wait_for_lock, write_atomically

START_SECONDS = 20
PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'berth_vm.py')


class Busy(Exception):
    """Not now; the same request may well be taken later."""


def launch(request):
    run = Run('%s.%d' % (request['uid'], request['attempt']))
    refuse_outdated(run)
    make_private(run.dir)
    lock = wait_for_lock(run.path('launch.lock'), START_SECONDS)
    if lock is None:
        raise Busy('another launch of this run does not come to an end')
    try:
        refuse_outdated(run)  # it may have been cleaned up while we waited
        if not (run.has('started.json') or run.has('exit.json') or run.alive()):
            if run.has('launch.json'):
                end_left_behind(run)  # a clone may go on where its supervisor was killed
            take_over(run, request)
    finally:
        os.close(lock)
    ring_streams(run.key)
    return {'run': facts(run)}


def refuse_outdated(run):
    """A request that was under way for long must not start again what ended, was replaced, or has no place any more."""
    if os.path.exists(os.path.join(HOME, 'deleting')):
        raise Refused('this VM is being deleted')
    if os.path.exists(os.path.join(HOME, 'ended', run.key)):
        raise Refused('this attempt has ended and its files are removed')
    for other in (Run(key) for key in run_keys()):
        if other.uid == run.uid and other.attempt > run.attempt:
            raise Refused('attempt %d of this session is on this VM already' % other.attempt)


def take_over(run, request):
    """The VM itself is the judge of its capacity: whatever two controllers believe, no more ever runs than fits."""
    lock = wait_for_lock(os.path.join(HOME, 'capacity.lock'), START_SECONDS)
    if lock is None:
        raise Busy('another launch on this VM does not come to an end')
    try:
        others = [known for known in all_facts() if known['state'] != 'ended' and (known['uid'], known['attempt']) != (run.uid, run.attempt)]
        capacity = request.get('capacity')
        if capacity and len(others) >= capacity['slots']:
            raise Busy('all %d slots of this VM are taken' % capacity['slots'])
        memory = sum(other['memoryMiB'] for other in others) + request.get('memoryMiB', 0)
        if capacity and memory > capacity['memoryMiB']:
            raise Busy('it would take the memory in use to %d of %d MiB' % (memory, capacity['memoryMiB']))
        write_files(run, request)
        start_supervisor(run)  # within the lock: the next launch has to see it
    finally:
        os.close(lock)


def write_files(run, request):
    make_private(run.path('input'))
    run.own_user = own_user_name(run)
    git = dict(request['git']) if request.get('git') else None
    secrets = {'env': request.get('secretEnv') or {}, 'git': (git or {}).pop('credentials', None)}
    spec = {name: request.get(name) for name in ('session', 'argv', 'promptOnStdin', 'env', 'maxOutputBytes', 'logBase', 'memoryMiB')}
    run.write('secrets.json', secrets)
    run.write('deadline.json', {'deadline': request.get('deadline')})
    if request.get('prompt') is not None:
        write_atomically(run.path('prompt'), request['prompt'].encode())
    # Last: with this file the run is taken over.
    run.write('launch.json', dict(spec, git=git, hasPrompt=request.get('prompt') is not None, ownUser=run.own_user))


def start_supervisor(run):
    """One tmux server a run. History is fixed when a pane is made, and agents hang on a pane of a few columns. A window with
    a name given is not named after its program again and again, twice a second while that prints."""
    env = dict(own_environment(), BERTH_HOME=HOME)
    tmux = shutil.which('tmux', path=env['PATH'])
    if tmux is None:
        end_unstarted(run, 'launch', "tmux: not found on the VM's PATH; install it there")
        return
    supervise = [sys.executable, '-ESs', PROGRAM, 'supervise', run.key]
    settings = ['start-server', ';', 'set-option', '-g', 'history-limit', '50000', ';', 'set-option', '-g', 'remain-on-exit', 'off', ';']
    server = terminal_server(run, tmux)
    command = server + ['-f', '/dev/null'] + settings
    command += ['new-session', '-d', '-s', 'berth', '-n', 'session', '-x', '220', '-y', '50', '-c', run.dir] + supervise
    subprocess.run(server + ['kill-server'], env=env, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    started = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    until = time.monotonic() + START_SECONDS
    while started.returncode == 0 and time.monotonic() < until:
        if run.alive() or run.has('exit.json'):
            return
        time.sleep(0.01)
    # tmux 3.3 ends with 0 also where it could not make its socket.
    said = started.stderr.decode(errors='replace').strip()[:500]
    if started.returncode == 0 and not said:
        raise Busy('the supervisor did not start within %d s; see %s' % (START_SECONDS, run.path('supervisor.err')))
    end_unstarted(run, 'launch', 'tmux did not start: %s' % (said or 'it ended with %d' % started.returncode))


def terminal_server(run, tmux='tmux'):
    """Root's where the run has a user of its own: what becomes another user is root before."""
    command = [tmux, '-u', '-S', run.socket()]
    return as_roots(command) if run.own_user else command
