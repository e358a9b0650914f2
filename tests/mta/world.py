"""A whole private world: Postfix, scanners, videur; all of it ends at close().
"""

import os
import shutil
import tempfile

from house import House
from postfix import Postfix
from process import Stack
from scanners import start_spam, start_virus


class World:
    """`scanners`: with SpamAssassin and ClamAV ahead of videur.  Without a
    folder it lives in a temporary one that is gone afterwards.  A world that
    begins without a house takes one after the other with move_in()."""

    def __init__(self, folder=None, scanners=True, with_house=True, say=None,
                 port=None):
        self.stack = Stack()
        self.say = say or (lambda text: None)
        self.folder = folder or self.temporary()
        self.house = None
        self.socket = f"{self.folder}/milter.sock"
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
        milters = []
        if scanners:
            self.say("SpamAssassin")
            milters.append(start_spam(f"{self.folder}/spam", self.stack))
            self.say("ClamAV")
            milters.append(start_virus(f"{self.folder}/virus", self.stack))
        if with_house:
            self.say("videur-milter and videur-web")
            self.move_in("videur", port)
            self.house.start_milter()
            self.house.start_web()
        self.say("Postfix")
        self.postfix = Postfix(f"{self.folder}/postfix",
                               milters + [self.socket], self.stack)

    def move_in(self, name, port=None):
        """A new house; Postfix finds whichever is the newest."""
        if self.house:
            self.house.leave()
            os.remove(self.socket)
        self.house = House(f"{self.folder}/{name}", port)
        self.stack.add(self.house.close)
        os.symlink(self.house.socket, self.socket)

    @property
    def mx(self):
        return self.postfix.mx

    @property
    def submission(self):
        return self.postfix.submission

    def close(self):
        self.stack.close()
