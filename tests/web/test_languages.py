"""Languages are files: which there are, which is chosen, what they say.

Polish and Arabic are no languages of ours: files made here show that any
TAG.phrases in the folder `templates` is one.
"""
import json
import os
import re
import shutil
import signal
import subprocess

import pytest
from website import BUILD, Website, wait_for

TREE = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

POLISH = """\
language-name = Polski
plural[one] = n = 1
plural[few] = n % 10 = 2..4 and n % 100 != 12..14
plural[many] = n != 1 and n % 10 = 0..1 or n % 10 = 5..9
	or n % 100 = 12..14
number-group = .
unit-day = dn.
unit-hour = godz.
about = Te blokady wynikają z naszych obserwacji.
listed-heading = {{ip}} jest zablokowany
"""

ARABIC = """\
language-name = العربية
language-direction = rtl
plural[zero] = n = 0
plural[one] = n = 1
plural[two] = n = 2
plural[few] = n % 100 = 3..10
plural[many] = n % 100 = 11..99
listed-heading = {{ip}} محظور
"""


def owned(tmp_path, files, more=""):
    """A site with these files in its folder; not started."""
    folder = tmp_path / "templates"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    site = Website(tmp_path, more=f'templates = "{folder}"\n{more}')
    site.videur("ban", "192.0.2.7", "2h")
    return site


def reload(site):
    count = len(site.lines())
    site.signal(signal.SIGHUP)
    wait_for(lambda: any("configuration reloaded" in line
                         for line in site.lines()[count:]), 20, "it is read")
    return site.lines()[count:]


# ---- which there are ----

def test_any_file_of_phrases_is_a_language(tmp_path):
    site = owned(tmp_path, {"pl.phrases": POLISH, "ar.phrases": ARABIC})
    try:
        site.start()
        page = site.ask("/?ip=192.0.2.7&lang=pl")
        assert '<html lang="pl">' in page.text
        assert page.headers["Content-Language"] == "pl"
        assert "192.0.2.7 jest zablokowany" in page.words
        assert ">1\u00a0godz.\u00a059\u00a0min</strong>" in page.text or (
            ">2\u00a0godz.</strong>" in page.text)
        names = re.findall(r'lang="[^"]*">([^<]*)</(?:a|span)></li>',
                           page.text.split("<nav")[0])
        assert names == ["English", "العربية",
                         "Deutsch", "Français", "Polski"]
        arabic = site.ask("/?ip=192.0.2.7&lang=ar")
        assert '<html lang="ar" dir="rtl">' in arabic.text
        assert "محظور" in arabic.words
    finally:
        site.close()


def test_what_a_language_lacks_is_said_in_english_and_marked(tmp_path):
    site = owned(tmp_path, {"pl.phrases": POLISH, "ar.phrases": ARABIC})
    try:
        site.start()
        page = site.ask("/faq?lang=pl").text
        assert "<title>Questions and answers – " in page
        assert '<h1><span lang="en">Questions and answers</span></h1>' in page
        assert re.search(r'<h2 lang="en">\s*How do I get', page), page
        assert '<pre lang="en" lang' not in page
        # Within an attribute there is no markup, and what is Polish has none.
        assert 'aria-label="Languages"' in page
        assert "<p>Te blokady" in page
        arabic = site.ask("/faq?lang=ar").text
        assert '<span lang="en" dir="ltr">Questions and answers</span>' in (
            arabic)
        assert site.logged("pl.phrases lacks ")
        assert not site.logged("en.phrases lacks ")
        assert not site.logged("fr.phrases lacks ")
    finally:
        site.close()


def doctor(site):
    """What `videur doctor` says of the files of phrases."""
    said = subprocess.run(
        [f"{BUILD}/videur", "-c", site.conf, "doctor", "--json"], check=False,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    return {remark["finding"]: remark["what"]
            for remark in json.loads(said.stdout)
            if remark["check"] == "languages"}


def test_doctor_says_what_a_file_lacks_and_what_nobody_needs(tmp_path):
    site = owned(tmp_path, {
        "pl.phrases": POLISH + "abuot = O nas\nours = Nasze\n",
        "faq.html": "{{ours}}", "fr.phrases": "ask = Chercher\n"})
    try:
        site.start()
        line = site.logged("pl.phrases lacks ")
        lacks = re.search(r"lacks (\d+) of \d+ phrases.*: (\S+),", line)
        told = doctor(site)
        assert sorted(told) == ["phrases-missing", "phrases-unknown"]
        assert f"{lacks[1]} in all: " in told["phrases-missing"]
        assert lacks[2] in told["phrases-missing"]
        assert told["phrases-unknown"].endswith("1 in all: abuot")
        with open(f"{tmp_path}/templates/fr.phrases", "a",
                  encoding="utf-8") as file:
            file.write("this is none\n")
        assert doctor(site)["phrases-wrong"].endswith(": this is none")
        for name in "pl", "fr":
            os.unlink(f"{tmp_path}/templates/{name}.phrases")
        assert list(doctor(site)) == ["languages"]
    finally:
        site.close()


def test_our_own_files_are_without_fault(tmp_path):
    """Read as an owner's, each is told what is wrong with it."""
    site = owned(tmp_path, {})
    for name in os.listdir(f"{TREE}/web"):
        if name.endswith(".phrases"):
            shutil.copy(f"{TREE}/web/{name}", tmp_path / "templates")
    try:
        site.start()
        assert not site.logged("/templates/")
        assert list(doctor(site)) == ["languages"]
    finally:
        site.close()


def test_what_is_wrong_with_a_file_is_told_with_its_line(tmp_path):
    site = owned(tmp_path, {
        "en.phrases": "# Ours.\nabuot = Hello.\n",
        "de.phrases": "ask = Frag\ncopy = Kopie\nask = Frage\n",
        "fr.phrases": "ask[count few] = a\nask[count other] = b\n",
        "it.phrases": "language-name = Italiano\nplural[one] = n is 1\n",
        "es.phrases": "language-name = Español\nask\n",
        "pl.phrases": POLISH + "ask[many] = x\n",
        "nl.phrases": "ask[none-of-it one] = x\nask[none-of-it other] = y\n",
        "ar.phrases": "language-direction = up\n",
        "german.phrases": "", "xx_YY.phrases": "", "EN.phrases": "",
    })
    folder = f"{tmp_path}/templates"
    try:
        site.start()
        for line in (
                'en.phrases:2: nothing is called "abuot", did you mean '
                '"about"?',
                'de.phrases:3: is given twice, and this one counts: "ask"',
                'fr.phrases:1: there is no rule plural[...] for a form of '
                '"ask"; the one compiled in is used',
                'it.phrases:2: is no rule of a plural: "n is 1"; the language '
                "is not shown",
                "es.phrases:2: not of the form NAME = TEXT; the language is "
                "not shown",
                'pl.phrases:11: must be a variable and one of zero, one, two, '
                'few, many and other: "many"',
                'nl.phrases:1: no variable is called "none-of-it"',
                'ar.phrases:1: must be ltr or rtl: "up"',
                "german.phrases is not used", "xx_YY.phrases is not used",
                "EN.phrases is not used"):
            assert site.logged(f"{folder}/{line}"), line
        assert "Frage</button>" in site.ask("/?lang=de").text
        assert '<html lang="en">' in site.ask("/?lang=pl").text
        assert "Vérifier</button>" in site.ask("/?lang=fr").text
        # Mended, it is there with the next reload.
        with open(f"{folder}/pl.phrases", "w", encoding="utf-8") as file:
            file.write(POLISH)
        reload(site)
        assert '<html lang="pl">' in site.ask("/?lang=pl").text
        os.unlink(f"{folder}/pl.phrases")
        reload(site)
        assert '<html lang="en">' in site.ask("/?lang=pl").text
    finally:
        site.close()


def test_there_are_not_more_languages_than_there_is_room_for(tmp_path):
    tags = [a + b for a in "qrs" for b in "abcdefghijklm"]
    site = owned(tmp_path, {f"{tag}.phrases": f"language-name = {tag}\n"
                            for tag in tags})
    try:
        site.start()
        assert site.logged("of its languages 24 are used")
        assert site.ask("/").text.count("hreflang=") == 23
    finally:
        site.close()


def test_the_configuration_names_languages(tmp_path):
    site = owned(tmp_path, {"pl.phrases": POLISH}, """
        languages = {"pl", "en"}
        paragraph = "Call us."
        paragraph-pl = "Zadzwoń."
    """)
    try:
        site.start()
        page = site.ask("/?ip=192.0.2.7", Accept_Language="de")
        assert '<html lang="pl">' in page.text
        assert "Zadzwoń." in page.words
        english = site.ask("/?ip=192.0.2.7&lang=en")
        assert "Call us." in english.words
        with open(site.conf, encoding="utf-8") as file:
            conf = file.read()
        with open(site.conf, "w", encoding="utf-8") as file:
            file.write(conf.replace('{"pl", "en"}', '{"pl", "cs"}'))
        done = subprocess.run([f"{BUILD}/videur", "-c", site.conf, "status"],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert re.search(
            r':\d+:\d+: languages: there is no language "cs", .*'
            "there are en, de, fr, pl$", done.stderr, re.M), done.stderr
    finally:
        site.close()


# ---- which is chosen ----

@pytest.mark.parametrize("asked, accept, want", [
    ("fr-FR", None, "fr"),
    ("FR", None, "fr"),
    ("pt", None, "pt-BR"),
    ("pt-PT", None, "pt-BR"),
    ("pt-br", None, "pt-BR"),
    ("no", None, "nb"),
    (None, "nn, no;q=0.8, en;q=0.5", "nb"),
    (None, "pt-BR,pt;q=0.9,en;q=0.8", "pt-BR"),
    (None, "it, fr-CA;q=0.5", "fr"),
    (None, "it", "en"),
])
def test_a_language_is_looked_up(spoken, asked, accept, want):
    headers = {"Accept_Language": accept} if accept else {}
    page = spoken.ask("/faq" + (f"?lang={asked}" if asked else ""), **headers)
    assert f'<html lang="{want}">' in page.text
    assert page.headers["Content-Language"] == want
    # The links keep what was asked for, and nothing else.
    assert (f'href="./?lang={want}"' in page.text) == bool(asked)


@pytest.fixture(scope="module", name="spoken")
def site_of_several(tmp_path_factory):
    site = owned(tmp_path_factory.mktemp("spoken"), {
        "pt-BR.phrases": "language-name = Português\n",
        "nb.phrases": "language-name = Norsk\nlanguage-also = no nn\n"})
    yield site.start()
    site.close()


# ---- numbers ----

@pytest.mark.parametrize("lang, told", [
    ("en", ["1 unknown recipient", "2 unknown recipients",
            "5 unknown recipients"]),
    ("fr", ["1 destinataire inexistant", "2 destinataires inexistants",
            "5 destinataires inexistants"]),
    ("pl", ["1 nieznany odbiorca", "2 nieznanych odbiorców (few)",
            "5 nieznanych odbiorców (many)"]),
    # A form that a language lacks is not borrowed from English.
    ("ar", ["1 x", "2 x", "5 x"]),
])
def test_a_phrase_goes_with_its_number(counted, lang, told):
    for number, words in zip((1, 2, 5), told):
        page = counted.ask(f"/?ip=192.0.2.10{number}&lang={lang}",
                           X_Forwarded_For=f"192.0.2.10{number}")
        assert f"{words} " in page.words, (number, page.words)


@pytest.fixture(scope="module", name="counted")
def site_that_counted(tmp_path_factory):
    site = owned(tmp_path_factory.mktemp("counted"), {
        "pl.phrases": POLISH + """\
offence-recipient[count one] = nieznany odbiorca
offence-recipient[count few] = nieznanych odbiorców (few)
offence-recipient[count many] = nieznanych odbiorców (many)
offence-recipient[count other] = nieznanych odbiorców
""", "ar.phrases": ARABIC + "offence-recipient = x\n"},
        'trusted-proxies = {"127.0.0.0/8"}')
    for number in (1, 2, 5):
        for _ in range(number):
            site.videur("report", "recipient", f"192.0.2.10{number}")
        site.videur("ban", f"192.0.2.10{number}", "2h")
    yield site.start()
    site.close()
