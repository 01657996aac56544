"""How the program of a run is started: its environment, its terminal, and what is said when it can not be."""
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import termios

from run_files import own_environment


class Unstartable(Exception):
    """The program is not started; the message is for people."""


def environment(run, spec, secret):
    """Nothing of whoever started the controller or this supervisor but the basics of the VM."""
    env = own_environment()
    user = pwd.getpwuid(os.geteuid())
    for name, value in (('USER', user.pw_name), ('LOGNAME', user.pw_name), ('SHELL', user.pw_shell or '/bin/sh')):
        env.setdefault(name, value)
    env['TERM'] = 'xterm-256color'
    env.update(spec.get('env') or {})
    env.update(secret)
    env.update({
        'BERTH_SESSION': spec['session']['name'],
        'BERTH_SESSION_UID': run.uid,
        'BERTH_ATTEMPT': str(run.attempt),
        'BERTH_WORKSPACE': run.path('workspace'),
        'BERTH_WAITING_FILE': run.path('waiting-question'),
    })
    if spec.get('hasPrompt'):
        env['BERTH_PROMPT_FILE'] = run.path('prompt')
    return env


def start(run, spec, env, terminal, claim):
    """`claim` is called when all that can be checked is in order, and nothing but the start is left to do."""
    name = spec['argv'][0]
    workspace = run.path('workspace')
    os.makedirs(workspace, exist_ok=True)
    found = os.path.exists(os.path.join(workspace, name)) if '/' in name else shutil.which(name, path=env['PATH'])
    if not found:
        where = 'in the workspace' if '/' in name and not name.startswith('/') else "on the VM's PATH" if '/' not in name else 'on the VM'
        raise Unstartable('%s: not found %s; install it there' % (name, where))
    stdin = os.open(run.path('prompt'), os.O_RDONLY) if spec.get('promptOnStdin') and spec.get('hasPrompt') else terminal

    def in_the_child():
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        os.umask(0o022)

    claim()
    try:
        return subprocess.Popen(spec['argv'], cwd=workspace, env=env, stdin=stdin, stdout=terminal, stderr=terminal,
                                start_new_session=True, preexec_fn=in_the_child, pass_fds=())
    except FileNotFoundError:
        raise Unstartable('%s: the interpreter named in its first line is not found on the VM' % name)
    except (OSError, ValueError) as error:
        raise Unstartable('%s: can not be started: %s' % (name, getattr(error, 'strerror', None) or error))
    finally:
        if stdin != terminal:
            os.close(stdin)
