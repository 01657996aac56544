"""The commands the controller calls on a VM: `python3 berth_vm.py COMMAND`, a JSON request on stdin, a JSON reply on
stdout. Each may be repeated at any time, and killed at any instruction."""
import fcntl
import hashlib
import json
import os
import shutil
import sys
import time

from launching import START_SECONDS, Busy, launch, terminal_server
from own_user import act_as_owner, end_left_behind, remove_own_user
from run_facts import all_facts, conclude, end_unstarted, facts
from run_files import (HOME, Refused, Run, boot_id, make_private, ring_streams, run_keys,
                       take_lock, wait_for_lock, write_atomically)

FORGET_SECONDS = 7 * 86400
NEVER = 'it was not started, and will not be'


def stop(request):
    run = Run('%s.%d' % (request['uid'], request['attempt']))
    if not run.has('launch.json') or run.has('exit.json'):
        return {}
    if (run.read('stop.json') or {}).get('mode') != 'Immediate':
        run.write('stop.json', {'mode': request['mode']})
    if run.alive():
        run.wake()
        return {}
    conclude(run)
    end_abandoned(run, 'launch', 'stopped before the program was started')
    ring_streams(run.key)
    return {}


def refuse(request):
    """A launch may still be under way to us: it finds that this attempt has ended before it began."""
    run = Run('%s.%d' % (request['uid'], request['attempt']))
    if os.path.exists(os.path.join(HOME, 'ended', run.key)):
        return {}
    make_private(run.dir)
    lock = wait_for_lock(run.path('launch.lock'), START_SECONDS)
    if lock is None:
        raise Busy('a launch of this run does not come to an end')
    try:
        if not run.has('launch.json'):
            end_unstarted(run, 'refused', NEVER)
            run.write('launch.json', {'session': request['session'], 'logBase': request['logBase']})
        else:
            end_abandoned(run, 'refused', NEVER)
    finally:
        os.close(lock)
    ring_streams(run.key)
    return {'run': facts(run)}


def end_abandoned(run, cause, message):
    """Of a run whose supervisor died before it started the program: nobody goes on with it."""
    lock = take_lock(run.path('lock'), fcntl.LOCK_EX)
    if lock is None:
        return
    if not run.has('started.json') and not run.has('exit.json'):
        end_left_behind(run)
        end_unstarted(run, cause, message)
    os.close(lock)


def set_deadline(request):
    run = Run('%s.%d' % (request['uid'], request['attempt']))
    if run.has('launch.json') and not run.has('exit.json'):
        run.write('deadline.json', {'deadline': request.get('deadline')})
        run.wake()
        ring_streams(run.key)
    return {}


def type_input(request):
    """Records what is to be typed; the supervisor alone types, in this order, each at most once."""
    run = Run('%s.%d' % (request['uid'], request['attempt']))
    if not run.has('launch.json') or run.has('exit.json'):
        return {}
    lock = wait_for_lock(run.path('input.lock'), 5)
    if lock is None:
        raise Refused('another input of this run does not come to an end')
    try:
        name = hashlib.sha256(request['id'].encode()).hexdigest()[:32]
        known = [entry for entry in os.listdir(run.path('input')) if entry.endswith('.json')]
        if not any(entry.split('.')[1] == name for entry in known):
            run.write(os.path.join('input', '%06d.%s.json' % (len(known), name)), {'id': request['id'], 'text': request['text']})
    finally:
        os.close(lock)
    run.wake()
    return {}


def clean(request):
    """Only of a run that ended. What was removed is remembered, so that a late launch does not start it again."""
    run = Run('%s.%d' % (request['uid'], request['attempt']))
    if os.path.exists(run.dir):
        if run.has('launch.json') and not run.has('exit.json') or run.alive():
            raise Refused('the run has not ended')
        remember_ended(run.key)
        remove_own_user(run)
        make_private(os.path.join(HOME, 'trash'))
        os.rename(run.dir, os.path.join(HOME, 'trash', '%s.%d' % (run.key, time.time_ns())))
        ring_streams(run.key)
    shutil.rmtree(os.path.join(HOME, 'trash'), onerror=make_removable)
    return {}


def remember_ended(key):
    folder = os.path.join(HOME, 'ended')
    make_private(folder)
    for name in os.listdir(folder):
        if os.stat(os.path.join(folder, name)).st_mtime < time.time() - FORGET_SECONDS:
            os.unlink(os.path.join(folder, name))
    write_atomically(os.path.join(folder, key), b'')


def make_removable(function, path, _error):
    """Go's module cache, for one, is read-only. What belongs to another user (root in a container) stays."""
    try:
        os.chmod(os.path.dirname(path), 0o700)
        os.chmod(path, 0o700)
        function(path)
    except OSError:
        pass


def stop_all(_request):
    """For a VM that goes away: nothing is launched any more, and all runs end at once."""
    make_private(HOME)
    write_atomically(os.path.join(HOME, 'deleting'), b'')
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        unfinished = [run for run in map(Run, run_keys()) if run.alive()]
        for run in unfinished:
            stop({'uid': run.uid, 'attempt': run.attempt, 'mode': 'Immediate'})
        if not unfinished:
            break
        time.sleep(0.05)
    for run in map(Run, run_keys()):
        end_left_behind(run)
        remove_own_user(run)
    return {}


def attach(request):
    """The command line that shows the terminal of a run."""
    run = Run('%s.%d' % (request['uid'], request['attempt']))
    if not run.has('launch.json') or run.has('exit.json') or not run.alive():
        raise Refused('the run has ended')
    return {'argv': terminal_server(run) + ['attach-session', '-t', '=berth']}


def status(_request):
    return {'bootID': boot_id(), 'runs': all_facts()}


COMMANDS = {'launch': launch, 'stop': stop, 'refuse': refuse, 'deadline': set_deadline, 'type': type_input, 'clean': clean, 'stop-all': stop_all, 'attach': attach,
            'status': status}
# What only root can do for a run with a user of its own.
ROOTS = {'end': end_left_behind, 'remove-user': remove_own_user}


def main(arguments):
    os.umask(0o077)
    act_as_owner()
    if arguments[:1] == ['supervise']:
        from supervisor import supervise
        return supervise(Run(arguments[1]))
    if arguments == ['stream']:
        from stream import stream
        return stream()
    if arguments[:1] and arguments[0] in ROOTS:
        return ROOTS[arguments[0]](Run(arguments[1]))
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        print('usage: berth_vm.py stream | %s' % ' | '.join(COMMANDS), file=sys.stderr)
        return 64
    try:
        print(json.dumps(COMMANDS[arguments[0]](json.load(sys.stdin))))
        return 0
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 65
    except Busy as busy:
        print(busy, file=sys.stderr)
        return 75


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
