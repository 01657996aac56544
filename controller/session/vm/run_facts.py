"""What is known about the runs of this VM, from their files alone; and the end of runs whose supervisor died."""
import fcntl
import os

from own_user import end_left_behind
from run_files import SECRETS, Run, boot_id, log_size, ring_streams, run_keys, take_lock, timestamp


def facts(run):
    """None for a run that never took off and has nobody to go on with it: it can be launched (again)."""
    launch = run.read('launch.json')
    if launch is None:
        return None
    started = run.read('started.json')
    ended = run.read('exit.json')
    if started is None and ended is None and not run.alive():
        ended = run.read('exit.json')  # written just before the supervisor let go of its lock
        if ended is None:
            return None
    known = {'uid': run.uid, 'attempt': run.attempt, 'session': launch['session']}
    known['state'] = 'ended' if ended else 'running' if started else 'preparing'
    known['logBytes'] = log_base(launch) + (ended['logBytes'] if ended else log_size(run))
    known['memoryMiB'] = launch.get('memoryMiB') or 0
    known['deliveredIDs'] = delivered_ids(run)
    if started and not (ended and ended['cause'] in ('source', 'launch')):
        known['startTime'] = started['startTime']
    stop = ended.get('stopping') if ended else requested_stop(run)
    if stop:
        known['stopping'] = stop
    if ended:
        known['exit'] = {name: value for name, value in ended.items() if name not in ('logBytes', 'stopping')}
        return known
    deadline = run.deadline()
    if deadline is not None:
        known['deadline'] = deadline
    waiting = run.read('waiting.json') if started else None
    if waiting:
        known['waiting'] = waiting
    return known


def log_base(launch):
    """Where in the session's log this attempt begins: the attempts before it wrote what lies below."""
    return (launch or {}).get('logBase') or 0


def delivered_ids(run):
    """In the order of delivery: the markers are numbered."""
    try:
        names = sorted(os.listdir(run.path('input')))
    except FileNotFoundError:
        return []
    markers = [run.read(os.path.join('input', name)) for name in names if name.endswith('.done')]
    return [marker['id'] for marker in markers if marker]


def conclude(run):
    """Writes the end of a run that was started and has no supervisor any more."""
    if run.has('exit.json') or not run.has('started.json'):
        return
    lock = take_lock(run.path('lock'), fcntl.LOCK_EX)
    if lock is None:
        return
    try:
        started = run.read('started.json')
        if started is None or run.has('exit.json'):
            return
        end_left_behind(run)
        restarted = started['bootID'] != boot_id()
        message = 'the VM restarted' if restarted else 'the supervisor of the run was killed'
        run.write('exit.json', end_record(run, 'lost', message))
        run.remove(*SECRETS, 'waiting.json')
    finally:
        os.close(lock)
    ring_streams(run.key)


def end_unstarted(run, cause, message):
    run.write('exit.json', end_record(run, cause, message))
    run.remove(*SECRETS)


def end_record(run, cause, message):
    stop = requested_stop(run)
    known = {'cause': cause, 'endTime': timestamp(), 'message': message, 'logBytes': log_size(run)}
    return dict(known, stopping=stop) if stop else known


def requested_stop(run):
    return (run.read('stop.json') or {}).get('mode')


def all_facts():
    found = []
    for key in sorted(run_keys()):
        run = Run(key)
        conclude(run)
        known = facts(run)
        if known:
            found.append(known)
    return found
