"""kaisar killed with SIGKILL at a system call of one's choice, before it happens."""
import shutil

from tap import Skip

# What makes a state durable.
KEEPING = "rename,renameat,renameat2,link,unlink,unlinkat"
# What takes it to the network, or to a chain.
SENDING = "sendto,sendmsg"
KILLS_MOST = 200


def killed_at(number, calls=KEEPING):
    """A wrapper for a command: strace kills it at the call of that number. -f follows threads; the count is per process."""
    if not shutil.which("strace"):
        raise Skip("strace is not installed")
    return ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:signal=KILL:when={number}"]


def was_killed(done):
    """strace ends itself with the signal that ended the command."""
    return done.returncode in (-9, 137)


def kill_at_every_call(command, calls=KEEPING):
    """Kills one run after the other, at the first call, the second, …, until a run comes through; returns the number of kills."""
    for number in range(1, KILLS_MOST):
        done = command(wrapper=killed_at(number, calls))
        if not was_killed(done):
            assert done.returncode == 0, f"run {number} failed instead of going on: {done.stdout}\n{done.stderr}"
            return number - 1
    raise AssertionError(f"not through after {KILLS_MOST} kills")
