"""Runs a program on a pseudo-terminal: JSON with command and steps on stdin, JSON with what happened on stdout."""
import fcntl, json, os, pty, select, signal, struct, sys, termios, time

job = json.load(sys.stdin)
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))


def modes():
    attributes = termios.tcgetattr(slave)
    attributes[6] = [value.hex() if isinstance(value, bytes) else value for value in attributes[6]]
    return json.dumps(attributes)


before = modes()
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for descriptor in (0, 1, 2):
        os.dup2(slave, descriptor)
    os.execvp(job["command"][0], job["command"])

output = b""
deadline = time.monotonic() + job["seconds"]
code = None


def pump():
    """Takes what the program wrote; notes its end."""
    global output, code
    if select.select([master], [], [], 0.05)[0]:
        output += os.read(master, 65536)
    elif code is None:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
    if time.monotonic() > deadline:
        os.kill(child, signal.SIGKILL)
        sys.exit("timed out; the terminal showed:\n" + output.decode(errors="replace")[-4000:])


seen = 0
during = None
for step in job["steps"]:
    if "expect" in step:
        wanted = step["expect"].encode()
        while output.find(wanted, seen) < 0:
            if code is not None:
                sys.exit(f"ended with {code} before {wanted!r}:\n" + output.decode(errors="replace")[-4000:])
            pump()
        seen = output.find(wanted, seen) + len(wanted)
        during = during or modes()
    elif "send" in step:
        data = step["send"].encode()
        while data:
            if select.select([], [master], [], 0)[1]:
                data = data[os.write(master, data[:512]):]
            pump_once = select.select([master], [], [], 0)[0]
            if pump_once:
                output += os.read(master, 65536)
            if time.monotonic() > deadline:
                os.kill(child, signal.SIGKILL)
                sys.exit("timed out while sending")
    elif "resize" in step:
        columns, rows = step["resize"]
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    elif "signal" in step:
        os.kill(child, getattr(signal, step["signal"]))

while code is None or select.select([master], [], [], 0)[0]:
    pump()
json.dump(
    {
        "code": code,
        "output": output.decode(errors="replace"),
        "modesBefore": before,
        "modesDuring": during or "",
        "modesAfter": modes(),
    },
    sys.stdout,
)
