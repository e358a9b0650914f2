"""PgBouncer before a cluster, one transaction at a time on any connection: no
notices come through it, and nothing outlives a transaction."""

import os

from cluster import USER
from process import Process, listens_at, own, write

CONF = """
[databases]
{name} = host={server} dbname={name}
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 2
server_lifetime = 2
"""


class Pooler:
    def __init__(self, folder, base, logins):
        self.folder, self.base = folder, base
        os.makedirs(folder)
        own(folder, USER)
        write(f"{folder}/users", "".join(f'"{one}" ""\n' for one in logins))
        write(f"{folder}/conf", CONF.format(
            name=base.name, server=base.cluster.folder, folder=folder))
        self.process = Process(
            ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups",
             "pgbouncer", f"{folder}/conf"], f"{folder}.log", cwd="/")
        self.process.ready(lambda: listens_at(f"{folder}/.s.PGSQL.6432"))

    def url(self, login):
        return (f"postgresql://{login}@/{self.base.name}?host={self.folder}"
                "&port=6432&target_session_attrs=read-write")

    def close(self):
        self.process.kill()
