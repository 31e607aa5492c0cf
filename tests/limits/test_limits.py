"""What the owner of a machine is protected from: load of others, heat, too many runs, too much memory, a run that hangs."""
import contextlib
import ctypes
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "faults"), str(HERE.parent)]

from processes import Network, environment, kaisar
from tap import Skip, case, main
from worker import Worker, require_registered, state_of

ENVIRONMENT_CODE, NETWORK_CODE, REFUSED_CODE = 3, 4, 5
CAPACITY_TO_SPIN = 0.3  # of the processors, so that a limit of 10 % is passed beyond doubt
MIB = 1 << 20

folder = tempfile.TemporaryDirectory(prefix="kaisar-owner-")
network = Network(folder.name, params="test")
worker = Worker(network.profile)
node = require_registered(worker, network)["node_id"]


def allow(**limits):
    """Writes the worker's configuration file."""
    path = worker.folder / ".config/kaisar/config.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(limits))


def prove(*words, code=0, **how):
    done = worker.prove(*words, **how)
    assert done.returncode == code, f"exit {done.returncode} instead of {code}\n{done.stdout}\n{done.stderr}"
    return state_of(done)


def proofs():
    return len([verdict for verdict in network.query("verdicts")["verdicts"] if verdict["mode"] == "scheduled"])


def require_declined(state, code):
    """Heard in the slot, and nothing else: no mark of computing was sent that a proof would be owed for."""
    assert state["declined"]["code"] == code and state["declined"]["reason"] and state["declined"]["remedy"], state
    assert {receipt["phase"] for receipt in state["receipts"]} == {"heartbeat"}, state
    assert state["verdict"] is None and state["outbox"]["pending"] == 0, state


@contextlib.contextmanager
def spinning(group=None):
    """Processes that keep a part of the processors busy, at normal priority; in a control group where one is given."""
    count = max(1, round(len(os.sched_getaffinity(0)) * CAPACITY_TO_SPIN))
    usual = lambda: os.setpriority(os.PRIO_PROCESS, 0, 0)
    try:
        programs = [subprocess.Popen([sys.executable, "-c", "while True: pass"], preexec_fn=usual) for _ in range(count)]
    except subprocess.SubprocessError:
        raise Skip("this test runs niced, and may not start a program that is not")
    try:
        for program in programs:
            if group:
                (group / "cgroup.procs").write_text(str(program.pid))
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


@contextlib.contextmanager
def control_group(controller, name):
    """A control group of its own below that of this process, whichever version is mounted."""
    lines = pathlib.Path("/proc/self/cgroup").read_text().split()
    mount = pathlib.Path("/sys/fs/cgroup")
    old = [line.split(":")[2] for line in lines if controller in line.split(":")[1].split(",")]
    new = [line.split(":")[2] for line in lines if line.startswith("0::")]
    base = mount / controller / old[0].lstrip("/") if old else mount / (new[0].lstrip("/") if new else "")
    group = base / name
    try:
        group.mkdir()
    except OSError as error:
        raise Skip(f"no control group can be made here: {error}")
    try:
        yield group
    finally:
        for _ in range(50):
            try:
                group.rmdir()
                break
            except OSError:  # the kernel is not done with its last process
                time.sleep(0.1)


@contextlib.contextmanager
def silent_checker():
    """The network's profile with a checker that takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        profile = json.loads(network.profile.read_text())
        for checker in profile["checkers"]:
            checker["url"] = f"http://127.0.0.1:{listener.getsockname()[1]}"
        path = worker.folder / "silent.json"
        path.write_text(json.dumps(profile))
        yield path


@case("other processes above busy_percent: only a sign of life is sent, exit 0; --now proves all the same")
def _():
    with spinning():
        allow(busy_percent=10)
        before = proofs()
        state = prove()
        assert state["outcome"] == "heartbeat", state
        require_declined(state, "busy")
        assert proofs() == before
        state = prove("--now")
        assert state["outcome"] == "proved" and state["declined"] is None and state["waived"] == [], state


@case("a container that works is a tenant: only a sign of life is sent, without any configuration")
def _():
    allow()
    controller = "cpuacct" if pathlib.Path("/sys/fs/cgroup/cpuacct").is_dir() else "cpu"
    with control_group(controller, f"docker-kaisar-{os.getpid()}") as group:
        if not (group / "cpuacct.usage").exists() and not (group / "cpu.stat").exists():
            raise Skip("this control group does not account for processor time")
        with spinning(group):
            state = prove()
            assert state["outcome"] == "heartbeat", state
            require_declined(state, "busy")
            assert "containers" in state["declined"]["reason"], state


@case("runs_per_hour and max_threads: the run after the last that is allowed is refused with exit 5, and nothing is owed")
def _():
    (worker.folder / "data/runs").unlink(missing_ok=True)
    allow(runs_per_hour=1, max_threads=1)
    state = prove()
    assert state["outcome"] == "proved" and state["devices"][0]["threads"] == 1, state
    before = proofs()
    state = prove(code=REFUSED_CODE)
    assert state["outcome"] == "refused", state
    require_declined(state, "too-many-runs")
    assert "1 slots" in state["declined"]["reason"] and proofs() == before


@case("limits of heat and power are kept where a sensor can be read, and named as waived where none can")
def _():
    limits = ("max_temperature_c", "max_power_w")
    allow(**{limit: 0.001 for limit in limits})
    done = worker.prove()
    state = state_of(done)
    if len(state.get("waived", [])) == len(limits):
        assert done.returncode == 0 and state["outcome"] == "proved", state
        assert all(limit in done.stderr for limit in limits), done.stderr
    else:
        assert done.returncode == REFUSED_CODE, state
        if "declined" in state:
            assert state["declined"]["code"] in ("too-hot", "too-much-power"), state


@case("the kernel's memory killer is told to take a proof before anything else")
def _():
    command = ["kaisar", "--quiet", "prove", "--rehearse", "--params", "devnet", "--max-memory", str(64 * MIB)]
    with subprocess.Popen(command, cwd=worker.folder, env=environment(worker.folder), stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as running:
        adjustment, began = pathlib.Path(f"/proc/{running.pid}/oom_score_adj"), time.monotonic()
        while running.poll() is None and adjustment.read_text() != "1000\n" and time.monotonic() - began < 20:
            time.sleep(0.05)
        said = adjustment.read_text()
        running.terminate()
    assert said == "1000\n", said


@case("a configuration with a misspelt limit is refused before anything is done, and the field is named")
def _():
    allow(max_thread=1)
    done = worker.prove()
    assert done.returncode == 2 and "max_thread" in done.stderr, done
    allow()


def held_bytes(*words, wanted=8192 * MIB, **how):
    done = kaisar(worker.folder, "prove", "--rehearse", "--params", "test", "--max-memory", str(wanted), "--json", *words, **how)
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return state_of(done)["devices"][0]["held_bytes"]


@case("a control group's memory limit bounds what is held, also when much more is asked for: nobody is killed")
def _():
    limit = 480 * MIB
    with control_group("memory", f"kaisar-owner-{os.getpid()}") as group:
        files = [group / name for name in ("memory.max", "memory.limit_in_bytes") if (group / name).exists()]
        if not files:
            raise Skip("this control group has no memory controller")
        files[0].write_text(str(limit))
        enter = ["sh", "-c", f"echo $$ > {group}/cgroup.procs && exec \"$@\"", "sh"]
        held = held_bytes(wrapper=enter)
        assert 200 * MIB < held <= limit - 128 * MIB, held


@case("ulimit -v bounds what is held in the same way")
def _():
    limit = 800 * MIB
    held = held_bytes(wrapper=["prlimit", f"--as={limit}", "--"])
    assert 200 * MIB < held < limit, held


@case("max_memory_bytes of the configuration bounds a proof like --max-memory")
def _():
    allow(max_memory_bytes=1 * MIB // 4)
    done = worker.prove()
    assert done.returncode == ENVIRONMENT_CODE and "262144 bytes" in done.stderr and "--max-memory" in done.stderr, done
    allow()


@case("huge pages that the process may not have are explained, in one line")
def _():
    def without_huge_pages():
        PR_SET_THP_DISABLE = 41
        ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0)

    command = ["kaisar", "prove", "--rehearse", "--params", "test", "--max-memory", str(64 * MIB)]
    said = {}
    for name, prepare in (("with", None), ("without", without_huge_pages)):
        done = subprocess.run(command, cwd=worker.folder, env=environment(worker.folder), capture_output=True, text=True,
                              preexec_fn=prepare, timeout=60)
        assert done.returncode == 0, done
        said[name] = [line for line in done.stderr.split("\n") if "huge pages" in line]
    assert len(said["without"]) == 1 and "PR_SET_THP_DISABLE" in said["without"][0], said
    if "[never]" not in pathlib.Path("/sys/kernel/mm/transparent_hugepage/enabled").read_text():
        assert said["with"] == [], said


@case("a checker that never answers costs no more than --timeout")
def _():
    with silent_checker() as profile:
        started = time.monotonic()
        done = worker.prove("--timeout", "2", profile=profile)
        took = time.monotonic() - started
        assert done.returncode == NETWORK_CODE, done
        # The device's measurement, the wait for the slot, the limit, and patience with a busy machine; 35 s it was once.
        assert took < 20, f"it took {took:.1f} s"


def require_ended(done, longest_run_s):
    assert done.returncode == ENVIRONMENT_CODE, done
    error = state_of(done)["error"]
    assert error["code"] == ENVIRONMENT_CODE and f"{longest_run_s} s after its slot began" in error["message"], error
    assert "outbox" in error["hint"] and error["message"] in done.stderr, done.stderr


@case("a run that waits for a silent checker far too long is ended by the watchdog")
def _():
    allow(longest_run_s=1)
    done = worker.prove()
    assert done.returncode == 2 and "longest_run_s" in done.stderr, f"a limit below a slot's length is a mistake: {done}"
    allow(longest_run_s=2)
    with silent_checker() as profile:
        started = time.monotonic()
        require_ended(worker.prove("--timeout", "100", profile=profile), 2)
        assert time.monotonic() - started < 15, "the watchdog came late"


@case("a run whose disk hangs is ended by the watchdog, and the next one proves: nothing on disk is half-written")
def _():
    if not shutil.which("strace"):
        raise Skip("strace is not installed")
    # strace lets go of the process when the delay is over, so only the exit code tells that it had been ended before.
    hang = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:delay_enter=4000000:when=1"]
    require_ended(worker.prove(wrapper=hang), 2)
    allow()
    state = prove()
    assert state["outcome"] == "proved" and state["outbox"]["pending"] == 0, state
    assert not list((worker.folder / "data").rglob("*.kaisar-new"))


try:
    main()
finally:
    network.stop()
    worker.__exit__()
    folder.cleanup()
