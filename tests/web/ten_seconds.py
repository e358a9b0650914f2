"""Six questions of somebody whose mail was refused, and where the page answers.

Am I blocked, until when, by whom, is my message lost, what do I do, whom do I
ask: each must be answered by what is really seen of the first one and a half
screens of a phone.  The words are those of the language's own file, so that
every language that is added is held to it.
"""

import datetime
import glob
import os
import re

TREE = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

# One and a half screens of 390 x 844 CSS pixels.
SCREENS = {"width": 390, "height": 844 * 3 // 2}


def languages():
    """All that are shipped."""
    return sorted(os.path.basename(name).split(".")[0]
                  for name in glob.glob(f"{TREE}/web/*.phrases"))


def phrases(language):
    """Name and text of each phrase."""
    with open(f"{TREE}/web/{language}.phrases", encoding="utf-8") as file:
        text = re.sub(r"(?m)^#.*\n", "", file.read())
    return dict(entry.split(" = ", 1)
                for entry in re.split(r"\n(?=\S)", text.strip()))


class Words:
    """What a language says, as a pattern of what a reader sees."""

    def __init__(self, language):
        self.phrase = phrases(language)

    def pattern(self, name, **values):
        """A phrase filled with these values; what else it is filled with may
        be anything."""
        text = self.phrase[name]
        block = re.compile(r"{{([#^])([a-z0-9-]+)}}((?:(?!{{[#^]).)*?){{/\2}}",
                           re.S)
        while block.search(text):
            text = block.sub(
                lambda m: m[3] if (m[1] == "#") == bool(values.get(m[2]))
                else "", text)
        text = re.sub(r"<[^>]*>", "", text).replace("&nbsp;", "\u00a0")
        parts = re.split(r"{{([a-z0-9-]+)}}", " ".join(text.split()))
        return "".join(
            re.escape(part) if i % 2 == 0 else
            re.escape(str(values[part])) if part in values else
            self.pattern(part, **values) if part in self.phrase else ".*?"
            for i, part in enumerate(parts))


def told(words, end):
    """A moment as the page tells it in UTC."""
    return words.pattern(
        "moment-exact", day=end.day, year=end.year,
        month=words.phrase[f"month-{end.month}"], hour=f"{end:%H}",
        minute=f"{end:%M}", seconds=f"{end:%S}", zone="UTC",
        first=end.day == 1, **{"day-french": end.day})


def answers(answer, language, facts):
    """Which of the six questions `answer`, a look of the browser, leaves open.

    `facts` are what is true: ip, ends (of the block that is asked for),
    temporary, login, longer (another block refuses the same mail after it), host
    and contact.
    """
    words = Words(language)
    lines = [" ".join(line.split()) for line in answer["visible"]]
    seen = "\n".join(lines)
    end = datetime.datetime.fromisoformat(facts["ends"].rstrip("Z"))
    lost = "again-login" if facts["login"] else "again-text"
    way = "way-login" if facts["login"] else "way-provider"

    def there(pattern):
        return re.search(pattern.replace("\u00a0", " ")
                         .replace("\\ ", " "), seen)

    found = {
        "am I blocked": there(
            "(?m)^" + words.pattern("listed-heading", ip=facts["ip"]) + "$"),
        "until when": there(
            words.pattern("until-label") + r"\n(.*\n)?" + told(words, end)),
        # In the first line behind the link that only keyboards meet, in the
        # verdict, and on the tab.
        "by whom": lines[0] == facts["host"] and
        seen.count(facts["host"]) > 1 and
        answer["title"].endswith(facts["host"]),
        "is my message lost": there(
            words.pattern(lost, temporary=facts["temporary"],
                          after=facts["longer"])),
        "what do I do": there(
            words.pattern("todo-label") + r"\n(.*\n)+?" + words.pattern(way) +
            r"\n\S+( \S+){2}"),
        "whom do I ask": there(words.pattern(
            "ask-contact", contact=facts["contact"])),
    }
    return [question for question, answered in found.items() if not answered]
