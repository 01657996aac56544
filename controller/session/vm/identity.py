"""As whom this process acts, for a moment. Only a process that root started can change that; for others nothing changes."""
import contextlib
import os
import pwd


@contextlib.contextmanager
def acting_as(uid, gid):
    if os.getuid() != 0:
        yield
        return
    before = os.geteuid(), os.getegid()
    become(uid, gid)
    try:
        yield
    finally:
        become(*before)


def as_root():
    return acting_as(0, 0)


def acting_for(run):
    """What is done where its program has a say is done as that program's user: there is no telling where links lead."""
    if not run.own_user:
        return contextlib.nullcontext()
    user = pwd.getpwnam(run.own_user)
    return acting_as(user.pw_uid, user.pw_gid)


def become(uid, gid):
    os.seteuid(0)
    os.setegid(gid)
    os.seteuid(uid)
