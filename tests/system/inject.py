"""
Makes system calls from inside another process, as code that had taken it over
would: stops it with ptrace(2), lets it run one "syscall" instruction at a time
with registers of ours, and lets it go on as if nothing had been. x86-64 alone.
"""

import ctypes
import errno
import os
import platform
import signal
import struct

from harness import wait_for

AVAILABLE = platform.machine() == "x86_64"

_PTRACE_SINGLESTEP = 9
_PTRACE_GETREGS, _PTRACE_SETREGS = 12, 13
_PTRACE_DETACH, _PTRACE_SEIZE, _PTRACE_INTERRUPT = 17, 0x4206, 0x4207
_SYSCALL = b"\x0f\x05"

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p,
                         ctypes.c_void_p)
_libc.ptrace.restype = ctypes.c_long

# struct user_regs_struct, and which of its members are arguments.
_REGISTERS = struct.Struct("27Q")
_RAX, _RSP, _ORIG_RAX, _RIP = 10, 19, 15, 16
_ARGUMENTS = (14, 13, 12, 7, 9, 8)  # rdi rsi rdx r10 r8 r9
_SCRATCH = 16384  # below the stack pointer, out of the way of everything


def _ptrace(request, pid, address=None, data=None):
    if _libc.ptrace(request, pid, address, data) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _wait(pid):
    """Its next wait status; nothing here may last."""
    def state():
        found, status = os.waitpid(pid, os.WNOHANG | 0x40000000)  # __WALL
        return (status,) if found else None
    return wait_for(state)[0]


class Intruder:
    """
    The process while it is stopped. call() takes integers, and bytes that are
    put into its memory and stand for their address there.
    """

    def __init__(self, pid):
        self.pid = pid
        self._released = False

    def __enter__(self):
        wait_for(self._stop_in_a_call)
        self._scratch = self._registers[_RSP] - _SCRATCH
        return self

    def _stop_in_a_call(self):
        """
        Stops it where it waits in a system call: what it has just run is the
        instruction. False, and it goes on, where it was about something else.
        """
        _ptrace(_PTRACE_SEIZE, self.pid)
        _ptrace(_PTRACE_INTERRUPT, self.pid)
        _wait(self.pid)
        buffer = ctypes.create_string_buffer(_REGISTERS.size)
        _ptrace(_PTRACE_GETREGS, self.pid, None, buffer)
        self._registers = list(_REGISTERS.unpack(buffer.raw))
        self._memory = open(f"/proc/{self.pid}/mem", "r+b", buffering=0)
        self._instruction = self._registers[_RIP] - len(_SYSCALL)
        if self.read(self._instruction, 2) == _SYSCALL:
            return True
        self._memory.close()
        _ptrace(_PTRACE_DETACH, self.pid)
        return False

    def __exit__(self, *_):
        self._memory.close()
        if not self._released:
            self._set(self._registers)
            _ptrace(_PTRACE_DETACH, self.pid)

    def _set(self, registers):
        buffer = ctypes.create_string_buffer(_REGISTERS.pack(*registers))
        _ptrace(_PTRACE_SETREGS, self.pid, None, buffer)

    def read(self, address, size):
        """So many bytes of its memory."""
        self._memory.seek(address)
        return self._memory.read(size)

    def _put(self, arguments):
        """The arguments as numbers."""
        at, numbers = self._scratch, []
        for argument in arguments:
            if isinstance(argument, bytes):
                self._memory.seek(at)
                self._memory.write(argument + b"\0" * 8)
                numbers.append(at)
                at += (len(argument) + 23) // 16 * 16
            else:
                numbers.append(argument % (1 << 64))
        return numbers

    def call(self, number, *arguments):
        """What the system call returns; an error as -errno."""
        registers = list(self._registers)
        registers[_RAX], registers[_ORIG_RAX] = number, (1 << 64) - 1
        registers[_RIP] = self._instruction
        for index, value in zip(_ARGUMENTS, self._put(arguments)):
            registers[index] = value
        self._set(registers)
        # Signals that arrive just then (of a child that has died) are dropped.
        stopped = None
        while stopped != signal.SIGTRAP:
            _ptrace(_PTRACE_SINGLESTEP, self.pid)
            stopped = os.WSTOPSIG(_wait(self.pid))
        buffer = ctypes.create_string_buffer(_REGISTERS.size)
        _ptrace(_PTRACE_GETREGS, self.pid, None, buffer)
        result = _REGISTERS.unpack(buffer.raw)[_RAX]
        return result - (1 << 64) if result >> 63 else result

    def release(self):
        """Lets it go from where it is, after a call that has replaced it."""
        self._released = True
        _ptrace(_PTRACE_DETACH, self.pid)


def error_name(result):
    """EPERM of -1; "" where there was no error."""
    return errno.errorcode[-result] if result < 0 else ""


def trace(pid):
    """Tries to trace a process, and lets it go again; raises OSError."""
    _ptrace(_PTRACE_SEIZE, pid)
    _ptrace(_PTRACE_INTERRUPT, pid)
    _wait(pid)
    _ptrace(_PTRACE_DETACH, pid)


# A seccomp filter of our own: one system call fails with an error, as it does
# on a kernel that lacks it. x86-64 alone; architectures are not looked at.
_FILTER = struct.Struct("HBBI")
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2


def refuse(number, error):
    """For this process and all that come of it (a preexec function)."""
    code = b"".join((
        _FILTER.pack(0x20, 0, 0, 0),             # load the number
        _FILTER.pack(0x15, 0, 1, number),        # another: one further
        _FILTER.pack(0x06, 0, 0, 0x50000 | error),
        _FILTER.pack(0x06, 0, 0, 0x7fff0000)))   # allow
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("HxxxxxxQ", len(code) // _FILTER.size,
                          ctypes.addressof(buffer))
    for arguments in ((_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
                      (_PR_SET_SECCOMP, _MODE_FILTER, program, 0, 0)):
        if _libc.prctl(*arguments) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
