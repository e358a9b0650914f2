"""A whole private world: Postfix, Dovecot, scanners, videur.

All of it ends at close().
"""

import os
import shutil
import tempfile

from addresses import fresh
from dovecot import SECRET, Dovecot, imap_logins
from house import House
from postfix import Postfix
from process import Stack, free_port, wait_for
from scanners import start_rspamd, start_spam, start_virus
from smtp import Session


class World:
    """`scanners`: SpamAssassin and ClamAV ahead of videur; "tag" lets them
    write headers, "refuse" lets them refuse, so that only the log knows;
    "rspamd" has rspamd there.
    Without a folder it lives in a temporary one that is gone afterwards.  A
    world that begins without a house takes one after the other with
    move_in().  With `asks` Dovecot asks videur-web who may log in."""

    def __init__(self, folder=None, scanners="tag", with_house=True, say=None,
                 port=None, asks=False):
        self.stack = Stack()
        self.say = say or (lambda text: None)
        self.folder = folder or self.temporary()
        self.house = None
        self.policy = free_port() if asks else None
        self.socket = f"{self.folder}/milter.sock"
        self.named = {None: (), "rspamd": ("rspamd",)}.get(
            scanners, ("spamassassin", "clamav"))
        try:
            self.bring_up(scanners, with_house, port)
        except BaseException:
            self.stack.close()
            raise

    def temporary(self):
        folder = tempfile.mkdtemp(prefix="videur-")
        os.chmod(folder, 0o755)  # Postfix looks into it as its own user
        self.stack.add(lambda: shutil.rmtree(folder))
        return folder

    def bring_up(self, scanners, with_house, port):
        milters = self.bring_up_scanners(scanners) if scanners else []
        if with_house:
            self.say("videur-milter, videur-watch and videur-web")
            self.move_in("videur", port)
            self.house.start()
        self.say("Postfix and Dovecot")
        self.postfix = Postfix(f"{self.folder}/postfix",
                               milters + [self.socket], self.stack)
        self.dovecot = Dovecot(
            f"{self.folder}/dovecot", f"{self.postfix.spool}/private/auth",
            self.stack, self.policy)
        self.postfix.ready()

    def bring_up_scanners(self, scanners):
        """Gives back their milters' sockets."""
        if scanners == "rspamd":
            self.say("rspamd")
            return [start_rspamd(f"{self.folder}/rspamd", self.stack)]
        sockets = []
        for name, folder, start in (("SpamAssassin", "spam", start_spam),
                                    ("ClamAV", "virus", start_virus)):
            self.say(name)
            sockets.append(start(f"{self.folder}/{folder}", self.stack,
                                 refuse=scanners == "refuse"))
        return sockets

    def move_in(self, name, port=None):
        """A new house; Postfix finds whichever is the newest."""
        if self.house:
            self.house.leave()
            os.remove(self.socket)
        self.house = House(
            f"{self.folder}/{name}", port, self.logs, self.named,
            asked=self.policy and f'auth-policy = "127.0.0.1:{self.policy}" '
            f'auth-policy-header = "{SECRET}"' or "")
        self.stack.add(self.house.close)
        os.symlink(self.house.socket, self.socket)

    @property
    def logs(self):
        return [f"{self.folder}/{name}/log" for name in ("postfix", "dovecot")]

    def logs_are_read(self):
        """Wait until the watcher has taken all that is in the logs now: it
        has when it knows of a login that failed since."""
        address = fresh()
        with Session(self.submission, address) as session:
            assert session.auth("nobody", "wrong").code == 535
        self.logged_out(address)
        assert imap_logins(self.imap, address, ("nobody", "wrong"))
        wait_for(lambda: self.house.events(address) == {"auth": 2}, 10,
                 "the logs are read")

    def logged_out(self, address):
        """Wait until Postfix has logged the end of a client's session."""
        def told():
            return any("disconnect from " in line and f"[{address}]" in line
                       for line in self.postfix.lines())
        wait_for(told, 10, f"the session of {address} ends")

    @property
    def mx(self):
        return self.postfix.mx

    @property
    def submission(self):
        return self.postfix.submission

    @property
    def imap(self):
        return self.dovecot.imap

    def close(self):
        self.stack.close()
