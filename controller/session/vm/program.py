"""How the program of a run is started: its environment, its terminal, and what is said when it can not be."""
import fcntl
import os
import pwd
import re
import shutil
import signal
import subprocess
import termios

from identity import acting_for, as_root
from run_files import write_atomically

PASSED_ON = re.compile(r'^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_[A-Z]+|TMPDIR)$')


class Unstartable(Exception):
    """The program is not started; the message is for people."""


def environment(run, spec, secret):
    """Nothing of whoever started the controller or this supervisor but the basics of the VM."""
    env = own_environment(run.home)
    user = pwd.getpwnam(run.own_user) if run.own_user else pwd.getpwuid(os.geteuid())
    if run.own_user:
        env.update(USER=user.pw_name, LOGNAME=user.pw_name, SHELL=user.pw_shell)
    for name, value in (('USER', user.pw_name), ('LOGNAME', user.pw_name), ('SHELL', user.pw_shell or '/bin/sh')):
        env.setdefault(name, value)
    env['TERM'] = 'xterm-256color'
    env.update(spec.get('env') or {})
    env.update(secret)
    env.update({
        'BERTH_SESSION': spec['session']['name'],
        'BERTH_SESSION_UID': run.uid,
        'BERTH_ATTEMPT': str(run.attempt),
        'BERTH_WORKSPACE': run.workspace(),
        'BERTH_WAITING_FILE': run.own('waiting-question'),
    })
    if spec.get('hasPrompt'):
        env['BERTH_PROMPT_FILE'] = run.own('prompt')
    return env


def start(run, spec, env, terminal, claim, own_user=None):
    """`claim` is called when all that can be checked is in order, and nothing but the start is left to do."""
    name = spec['argv'][0]
    workspace = run.workspace()
    hand_over(run, spec, workspace, terminal, own_user)
    with acting_for(run):
        found = os.path.exists(os.path.join(workspace, name)) if '/' in name else shutil.which(name, path=env['PATH'])
    if not found:
        where = 'in the workspace' if '/' in name and not name.startswith('/') else "on the VM's PATH" if '/' not in name else 'on the VM'
        raise Unstartable('%s: not found %s; install it there' % (name, where))
    stdin = os.open(run.path('prompt'), os.O_RDONLY) if spec.get('promptOnStdin') and spec.get('hasPrompt') else terminal

    def in_the_child():
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        os.umask(0o022)
        if own_user:
            own_user.become()

    claim()
    try:
        with as_root():
            return subprocess.Popen(spec['argv'], cwd=workspace, env=env, stdin=stdin, stdout=terminal, stderr=terminal,
                                    start_new_session=True, preexec_fn=in_the_child, pass_fds=())
    except FileNotFoundError:
        raise Unstartable('%s: the interpreter named in its first line is not found on the VM' % name)
    except (OSError, ValueError) as error:
        raise Unstartable('%s: can not be started: %s' % (name, getattr(error, 'strerror', None) or error))
    finally:
        if stdin != terminal:
            os.close(stdin)


def hand_over(run, spec, workspace, terminal, own_user):
    """All that the program needs of ours, to whom it runs as."""
    if own_user:
        own_user.open_scope()
        with as_root():
            os.fchown(terminal, own_user.uid, -1)
    prompt = run.read_bytes('prompt') if own_user and spec.get('hasPrompt') else None
    with acting_for(run):
        os.makedirs(workspace, exist_ok=True)
        if prompt is not None:
            write_atomically(run.own('prompt'), prompt)


def start_command(argv, env, output, own_user=None):
    """One command of the preparation; what it says goes to `output`."""
    if own_user:
        own_user.open_scope()
    with as_root():
        return subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                                cwd=own_user and own_user.run.home, preexec_fn=own_user and own_user.become)


def own_environment(home=None):
    """What the VM gives every program. The variables of whoever started us are none of a session's business."""
    env = {name: value for name, value in os.environ.items() if PASSED_ON.match(name)}
    if home:
        env['HOME'] = home
    env.setdefault('HOME', os.path.expanduser('~'))
    # Where agents install themselves; a login shell would add it, a command over SSH does not.
    local = os.path.join(env['HOME'], '.local', 'bin')
    path = env.get('PATH') or os.defpath
    env['PATH'] = path if local in path.split(':') else path + ':' + local
    return env
