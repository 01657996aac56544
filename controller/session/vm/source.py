"""Fetches the source of a run into its workspace: a Git clone, with credentials that serve clone and push and are kept
outside the workspace. Output goes to prepare.log; a failure is one line of Git's own words."""
import os
import re
import shlex
import shutil
from urllib.parse import quote, urlsplit

from identity import acting_for
from run_files import write_atomically

PROTOCOLS = 'file:git:http:https:ssh'
LOG_BYTES = 65536


class SourceError(Exception):
    """The program is not started; the message is for people and holds no credential."""


def prepare(run, git, credentials, attend):
    """`attend(argv, env, output)` runs one command to its end and returns its wait status."""
    if git is None:
        return
    workspace = run.workspace()
    with acting_for(run):
        shutil.rmtree(workspace, ignore_errors=True)  # of a supervisor that died on the way
    output = os.open(run.path('prepare.log'), os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    env = {'GIT_ALLOW_PROTOCOL': PROTOCOLS, 'GIT_TERMINAL_PROMPT': '0', 'GIT_ASKPASS': 'true', 'LC_ALL': 'C',
           'GIT_SSH_COMMAND': 'ssh -o BatchMode=yes -o StrictHostKeyChecking=yes'}
    with acting_for(run):
        settings = access(run, git['url'], credentials or {})
    if any(setting.startswith('core.sshCommand=') for setting in settings):
        del env['GIT_SSH_COMMAND']  # it would win over the setting
    secrets = [secret for secret in (credentials or {}).values() if secret]
    url = scrub(git['url'], secrets)
    if shutil.which('git') is None:
        raise SourceError("git: not found on the VM's PATH; install it there")

    def run_git(*arguments):
        return attend(('git',) + arguments, env, output) == 0

    def fail(doing):
        said = last_words(output)
        raise SourceError(scrub('can not %s %s: %s' % (doing, url, said), secrets)[:1024])

    try:
        configured = [word for setting in settings for word in ('-c', setting)]
        checkout = ['--no-checkout'] if git.get('ref') else []
        if not run_git('clone', *configured, *checkout, '--', git['url'], workspace):
            fail('clone')
        if git.get('ref') and not check_out(run_git, workspace, git['ref']):
            fail('check out %s of' % git['ref'])
    finally:
        os.close(output)


def check_out(run_git, workspace, ref):
    """A branch becomes a local branch that tracks it; a tag or a commit is checked out as it is."""
    if ref.startswith('-'):
        return False

    def git(*arguments):
        return run_git('-C', workspace, *arguments)

    if git('rev-parse', '--quiet', '--verify', 'refs/remotes/origin/%s^{commit}' % ref):
        return git('checkout', '-B', ref, '--track', 'refs/remotes/origin/%s' % ref)
    if git('rev-parse', '--quiet', '--verify', '%s^{commit}' % ref):
        return git('checkout', '--detach', ref)
    # Not on any branch: the head of a pull request, or a commit the server hands out by its name.
    return git('fetch', 'origin', '--', ref) and git('checkout', '--detach', 'FETCH_HEAD')


def access(run, url, credentials):
    """Settings of the clone, kept in its config so that a push works as well."""
    if 'ssh-privatekey' in credentials:
        if not credentials.get('known_hosts'):
            raise SourceError('the secret of source.git has ssh-privatekey but no known_hosts: add the line with the host\'s key')
        key, hosts = run.own('git-key'), run.own('git-known-hosts')
        write_atomically(key, (credentials['ssh-privatekey'].rstrip('\n') + '\n').encode())
        write_atomically(hosts, credentials['known_hosts'].encode())
        return ['core.sshCommand=ssh -i %s -o IdentitiesOnly=yes -o BatchMode=yes -o UserKnownHostsFile=%s -o StrictHostKeyChecking=yes'
                % (shlex.quote(key), shlex.quote(hosts))]
    if 'password' in credentials:
        target = urlsplit(url)
        user = quote(credentials.get('username') or target.username or 'git', safe='')
        host = target.netloc.rsplit('@', 1)[-1]
        line = '%s://%s:%s@%s\n' % (target.scheme, user, quote(credentials['password'], safe=''), host)
        write_atomically(run.own('git-credentials'), line.encode())
        # The empty one first: it takes the VM's own helpers out, which might remember the password elsewhere.
        return ['credential.helper=', 'credential.helper=store --file=%s' % shlex.quote(run.own('git-credentials'))]
    return []


def last_words(output):
    size = os.fstat(output).st_size
    text = os.pread(output, LOG_BYTES, max(0, size - LOG_BYTES)).decode(errors='replace')
    lines = [line.strip() for line in re.split(r'[\r\n]+', text) if line.strip()]
    telling = [line for line in lines if re.match(r'(fatal|error|remote|ssh):|.*(Permission denied|Host key verification)', line)]
    return re.sub(r'^(fatal|error): ', '', (telling or lines or ['git ended with an error'])[-1])


def scrub(text, secrets):
    for secret in secrets:
        for form in (secret, quote(secret, safe='')):
            text = text.replace(form, '***')
    return re.sub(r'(://)[^/@\s]+@', r'\1', text)
