"""An IMAP server that follows a script: one empty-handed mailbox, and one trouble."""

import contextlib
import socket
from dataclasses import dataclass

from tests.mail.faults.server import DRIP, DROP, HANG, ScriptedServer

# What it says where nothing is wrong, by command; `{tag}` is the command's own.
GOOD = {
    "BANNER": "* OK ready",
    "CAPABILITY": "* CAPABILITY IMAP4rev1\r\n{tag} OK done",
    "LOGIN": "{tag} OK welcome",
    "SELECT": "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n{tag} OK [READ-WRITE] open",
    "SEARCH": "* SEARCH 5\r\n{tag} OK done",
    "FETCH": "* 1 FETCH (UID 5 BODY[]<0> {{4}}\r\nmail)\r\n{tag} OK done",
    "LOGOUT": "* BYE\r\n{tag} OK bye",
}


@dataclass
class BadMailbox(ScriptedServer):
    """At `stage` it does what `does` says: HANG, DROP, DRIP (a byte now and then) or an answer."""

    stage: str
    does: str

    def talk(self, caller: socket.socket) -> None:
        """Answers command by command."""
        with caller, contextlib.suppress(OSError):
            commands = caller.makefile("r", newline="\r\n")
            goes_on = self._answer(caller, "BANNER", "*")
            while goes_on and (line := commands.readline()):
                tag, *words = line.split()
                command = words[1] if words[0] == "UID" else words[0]
                goes_on = self._answer(caller, command, tag) and command != "LOGOUT"
            commands.close()

    def _answer(self, caller: socket.socket, stage: str, tag: str) -> bool:
        does = self.does if stage == self.stage else GOOD.get(stage, "{tag} OK done")
        while does in (HANG, DRIP) and not self.closing.wait(0.05):
            if does == DRIP:
                caller.sendall(b"*")
        if does in (HANG, DRIP, DROP):
            return False
        caller.sendall(f"{does.format(tag=tag)}\r\n".encode())
        return True
