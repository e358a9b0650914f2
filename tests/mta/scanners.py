"""Real SpamAssassin, ClamAV and rspamd with their milters.

They run from the start of a world to its end, each from its own
configuration, without network: SpamAssassin knows the standard spam pattern
only, ClamAV one signature made here, rspamd two words (mail.py).  Of the
first two each tags or refuses; rspamd does either, as its score has it.
"""

import os

from mail import EICAR, WORD_TO_REFUSE, WORD_TO_TAG
from process import Process, listens_at, own, write

SPAMASSASSIN_PRE = """
loadplugin Mail::SpamAssassin::Plugin::Check
"""

SPAMASSASSIN = """
include /usr/share/spamassassin/10_default_prefs.cf
util_rb_tld example test
required_score 5
use_bayes 0
body GTUBE /XJS\\*C4JDBQADN1\\.NSBN3\\*2IDNEN\\*GTUBE/
describe GTUBE Generic test for unsolicited bulk mail
score GTUBE 1000
"""

CLAMD = """
Foreground yes
LogFile {folder}/clamd.log
DatabaseDirectory {folder}/signatures
LocalSocket {folder}/clamd.sock
LocalSocketMode 660
TemporaryDirectory {folder}
User clamav
MaxThreads 4
"""

CLAMAV_MILTER = """
Foreground yes
LogFile {folder}/milter.log
MilterSocket unix:{folder}/milter.sock
MilterSocketMode 666
ClamdSocket unix:{folder}/clamd.sock
TemporaryDirectory {folder}
User clamav
OnInfected {infected}
RejectMsg Blocked: infected with %v
AddHeader Replace
"""

RSPAMD = """
logging {{ type = "console"; level = "info"; }}
options {{
  filters = "";
  url_tld = "{folder}/tld";
  disable_hyperscan = true;
  pidfile = "{folder}/pid";
  tempdir = "{folder}";
  hs_cache_dir = "{folder}";
  control_socket = "{folder}/control.sock";
  rrd = "";
  stats_file = "";
  history_file = "";
  dns {{ nameserver = ["127.0.0.1:1"]; timeout = 0.1s; retransmits = 1; }}
}}
lua = "{folder}/words.lua";
actions {{ reject = 15; add_header = 6; }}
modules {{ path = "/usr/share/rspamd/plugins/milter_headers.lua"; }}
milter_headers {{ use = []; }}
worker "rspamd_proxy" {{
  bind_socket = "{folder}/milter.sock mode=0666";
  milter = yes;
  timeout = 30s;
  count = 1;
  upstream "local" {{ default = yes; self_scan = yes; }}
}}
"""

RSPAMD_WORD = """
rspamd_config:register_symbol({{
  name = '{name}', score = {score}, group = 'test',
  callback = function(task)
    return tostring(task:get_rawbody()):find('{name}', 1, true) ~= nil
  end
}})
"""


def start_spam(folder, stack, refuse=False):
    """spamd and spamass-milter; gives back the milter's socket."""
    os.makedirs(f"{folder}/rules")
    own(folder, "spamass-milter")
    write(f"{folder}/rules/init.pre", SPAMASSASSIN_PRE)
    write(f"{folder}/rules/10_rules.cf", SPAMASSASSIN)
    spamd = Process(
        ["/usr/sbin/spamd", "-L", "-x", "-u", "nobody", "-H", folder,
         "-C", f"{folder}/rules", f"--siteconfigpath={folder}/rules",
         "-m", "2", "--min-children=2", f"--socketpath={folder}/spamd.sock",
         "--socketmode=666", "-s", "stderr"],
        f"{folder}/spamd.out")
    stack.add(spamd.stop)
    spamd.ready(lambda: listens_at(f"{folder}/spamd.sock"), 60)
    milter = Process(
        ["/usr/sbin/spamass-milter", "-p", f"{folder}/milter.sock", "-m",
         *(["-r", "15"] if refuse else []), "--", "-U", f"{folder}/spamd.sock"],
        f"{folder}/milter.out", user="spamass-milter",
        group="spamass-milter", extra_groups=[], umask=0)
    stack.add(milter.kill)  # a milter takes seconds to stop by itself
    milter.ready(lambda: listens_at(f"{folder}/milter.sock"))
    return f"{folder}/milter.sock"


def start_virus(folder, stack, refuse=False):
    """clamd and clamav-milter; gives back the milter's socket."""
    os.makedirs(f"{folder}/signatures")
    own(folder, "clamav")
    write(f"{folder}/signatures/test.ndb",
          f"Eicar-Test-Signature:0:*:{EICAR.encode().hex()}\n")
    write(f"{folder}/clamd.conf", CLAMD.format(folder=folder))
    write(f"{folder}/milter.conf", CLAMAV_MILTER.format(
        folder=folder, infected="Reject" if refuse else "Accept"))
    clamd = Process(
        ["/usr/sbin/clamd", "-c", f"{folder}/clamd.conf"],
        f"{folder}/clamd.out")
    stack.add(clamd.stop)
    clamd.ready(lambda: listens_at(f"{folder}/clamd.sock"), 60)
    milter = Process(
        ["/usr/sbin/clamav-milter", "-c", f"{folder}/milter.conf"],
        f"{folder}/milter.out")
    stack.add(milter.kill)  # a milter takes seconds to stop by itself
    milter.ready(lambda: listens_at(f"{folder}/milter.sock"))
    return f"{folder}/milter.sock"


def start_rspamd(folder, stack):
    """rspamd, whose proxy is a milter; gives back its socket."""
    os.makedirs(folder)
    own(folder, "_rspamd")
    write(f"{folder}/tld", "example\ntest\n")
    write(f"{folder}/words.lua", "".join(
        RSPAMD_WORD.format(name=name, score=score)
        for name, score in ((WORD_TO_TAG, 8), (WORD_TO_REFUSE, 20))))
    write(f"{folder}/rspamd.conf", RSPAMD.format(folder=folder))
    rspamd = Process(
        ["/usr/bin/rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd",
         "-c", f"{folder}/rspamd.conf"], f"{folder}/rspamd.out")
    stack.add(rspamd.stop)
    rspamd.ready(lambda: listens_at(f"{folder}/milter.sock"), 60)
    return f"{folder}/milter.sock"
