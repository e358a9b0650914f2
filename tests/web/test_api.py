"""What programs are told, and that its description tells the truth."""

import calendar
import json
import re
import time
import urllib.parse

import pytest

from website import Website

with open("web/openapi.json", encoding="utf-8") as file:
    DESCRIPTION = json.load(file)
PATHS = DESCRIPTION["paths"]

PYTHON_TYPES = {"object": dict, "array": list, "string": str,
                "boolean": bool, "integer": int, "null": type(None)}


def resolved(part):
    """A part of the description, what it refers to filled in."""
    while "$ref" in part:
        found = DESCRIPTION
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = {**found, **{key: value for key, value in part.items()
                            if key != "$ref"}}
    return part


def check_object(value, schema, where):
    """The members of an object."""
    known = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    for name in schema.get("required", ()):
        assert name in value, f"{where}.{name} is missing"
    for name, inner in value.items():
        if "propertyNames" in schema:
            check(name, schema["propertyNames"], f"{where} name")
        if name in known:
            check(inner, known[name], f"{where}.{name}")
        else:
            assert others is not False, f"{where}.{name} is not described"
            if others is not True:
                check(inner, others, f"{where}.{name}")


def check(value, schema, where="answer"):
    """That a value is what a schema says; knows the words that the
    description uses, and no others."""
    schema = resolved(schema)
    if "oneOf" in schema:
        known = [one for one in map(resolved, schema["oneOf"])
                 if set(one["required"]) <= set(value)]
        assert len(known) == 1, where
        check(value, known[0], where)
        return
    assert set(schema) <= {
        "type", "properties", "required", "additionalProperties",
        "propertyNames", "items", "minItems", "maxItems", "enum", "pattern",
        "format", "minimum", "maxLength", "description"}, where
    if "type" in schema:
        kinds = schema["type"] if isinstance(schema["type"], list) \
            else [schema["type"]]
        assert isinstance(
            value, tuple(PYTHON_TYPES[kind] for kind in kinds)), where
        assert "integer" not in kinds or not isinstance(value, bool), where
    if "enum" in schema:
        assert value in schema["enum"], where
    if "pattern" in schema and isinstance(value, str):
        assert re.search(schema["pattern"], value), where
    if schema.get("format") == "date":
        assert time.strptime(value, "%Y-%m-%d"), where
    if schema.get("format") == "date-time":
        assert time.strptime(value, "%Y-%m-%dT%H:%M:%SZ"), where
    if "minimum" in schema and value is not None:
        assert value >= schema["minimum"], where
    if isinstance(value, dict):
        check_object(value, schema, where)
    if isinstance(value, list):
        assert len(value) >= schema.get("minItems", 0), where
        assert len(value) <= schema.get("maxItems", len(value)), where
        for number, item in enumerate(value):
            check(item, schema["items"], f"{where}[{number}]")


def check_answer(path, answer):
    """That an answer is one of those described for its path."""
    described = PATHS[path]["get"]["responses"]
    assert str(answer.status) in described, answer.status
    said = resolved(described[str(answer.status)])
    (kind, content), = said["content"].items()
    assert answer.headers["Content-Type"] == kind
    check(json.loads(answer.text), content["schema"])
    for name, header in said.get("headers", {}).items():
        if name in answer.headers:
            assert int(answer.headers[name]) >= header["schema"]["minimum"]
        else:
            assert not header.get("required", False), name


ADDRESS = "/api/v1/ip/{address}"
SEVERAL = "/api/v1/ips"


@pytest.mark.parametrize("address, status", [
    ("192.0.2.7", 200), ("192.0.2.9", 200), ("203.0.113.5", 200),
    ("2001:db8:0:1::7", 200), ("198.51.100.1", 200), ("x", 400),
    ("192.0.2.0/24", 400), ("10.0.0.1", 400),
])
def test_one_address_is_as_described(shown, address, status):
    answer = shown.ask(ADDRESS.format(address=address))
    assert answer.status == status
    check_answer(ADDRESS, answer)


def test_who_it_concerns_is_told_more_as_described(shown):
    for headers in {}, {"X_Forwarded_For": "192.0.2.7"}:
        answer = shown.ask(ADDRESS.format(address="192.0.2.7"), **headers)
        check_answer(ADDRESS, answer)
        for ban in json.loads(answer.text)["bans"]:
            assert (ban["ref"] is None) == (not headers)
            assert (f"&ref={ban['ref']}" in ban["reply"]) == bool(headers)


def test_the_reason_is_in_the_language_that_is_wished_for(shown):
    path = ADDRESS.format(address="192.0.2.7")
    texts = []
    for query, headers in [("", {}), ("", {"Accept_Language": "fr"}),
                           ("?lang=fr", {"Accept_Language": "en"})]:
        ban = json.loads(shown.ask(path + query, **headers).text)["bans"][0]
        assert not set("<>&") & set(ban["reason_text"])
        assert ban["reason_text"] in shown.ask(
            "/?ip=192.0.2.7&" + query[1:], **headers).words
        texts.append(ban["reason_text"])
    assert texts[0] != texts[1] == texts[2]


def ask_several(site, *addresses, more="", **headers):
    """The answers, which are as described; in the order of the question."""
    query = "&".join(f"ip={urllib.parse.quote(ip)}" for ip in addresses)
    answer = site.ask(f"{SEVERAL}?{query}{more}", **headers)
    assert answer.status == 200
    check_answer(SEVERAL, answer)
    answers = json.loads(answer.text)["answers"]
    assert len(answers) == len(addresses)
    return answers


def test_several_addresses_are_answered_as_each_alone(shown):
    asked = ["192.0.2.7", "198.51.100.1", "2001:db8:0:1::7", "192.0.2.7",
             "203.0.113.5", "2001:DB8::0"]
    for headers in {}, {"X_Forwarded_For": "192.0.2.7"}:
        for ip, said in zip(asked, ask_several(shown, *asked, **headers)):
            alone = json.loads(shown.ask(
                ADDRESS.format(address=ip), **headers).text)
            assert {**said, "checked_at": 0} == {**alone, "checked_at": 0}


def test_what_cannot_be_asked_has_an_error_of_its_own(shown):
    asked = ["192.0.2.7", "x", "", "10.0.0.1", "192.0.2.0/24",
             "192.0.2.7,192.0.2.8", "a\0b", "\"}]", "\udcff"]
    query = "&".join("ip=" + urllib.parse.quote(ip, errors="surrogateescape")
                     for ip in asked)
    answer = shown.ask(f"{SEVERAL}?{query}")
    check_answer(SEVERAL, answer)
    first, *others = json.loads(answer.text)["answers"]
    assert first["listed"]
    assert [said["ip"] for said in others] == [
        *asked[1:6], "a%00b", "\"}]", "\ufffd"]
    for ip, said in zip(asked[1:], others):
        assert set(said) == {"ip", "error"}
        alone = shown.ask(ADDRESS.format(
            address=urllib.parse.quote(ip, safe="", errors="surrogateescape")))
        assert said["error"] == json.loads(alone.text)["error"], ip


@pytest.mark.parametrize("count, status", [
    (0, 400), (1, 200), (16, 200), (17, 400), (100, 400)])
def test_no_more_than_sixteen(shown, count, status):
    path = SEVERAL + "?" + "&".join(["ip=::1"] * count)
    answer = shown.ask(path)
    assert answer.status == status
    check_answer(SEVERAL, answer)
    if count > 16:
        assert "at most 16" in answer.text


def test_a_ref_opens_its_own_client_and_no_other(shown):
    bans = json.loads(shown.videur("list", "--json"))
    ref = next(ban["ref"] for ban in bans if ban["client"] == "192.0.2.7")
    own, other = ask_several(shown, "192.0.2.7", "192.0.2.9",
                             more=f"&ref={ref}&ref=ZZZZZZ")
    assert {ban["ref"] for ban in own["bans"]} == {
        ban["ref"] for ban in bans if ban["client"] == "192.0.2.7"}
    assert [ban["ref"] for ban in other["bans"]] == [None]
    assert "ref=" not in other["bans"][0]["reply"]


def test_each_address_counts_as_a_request(tmp_path):
    site = Website(tmp_path, more="rate = 20")
    site.videur("ban", "192.0.2.7", "2h")
    try:
        site.start()
        sixteen = SEVERAL + "?" + "&".join(["ip=192.0.2.7"] * 16)
        assert site.ask(sixteen).status == 200
        again = site.ask(sixteen)
        assert again.status == 429
        check_answer(SEVERAL, again)
        # The sixteen come back within as many times three seconds.
        assert 3 * 11 <= int(again.headers["Retry-After"]) <= 3 * 13
        assert site.ask(f"{SEVERAL}?ip=192.0.2.7&ip=192.0.2.8").status == 200
        for page in "/?ip=192.0.2.7,192.0.2.8,192.0.2.9", \
                "/?ip=192.0.2.7&ip=192.0.2.8&ip=192.0.2.9":
            assert site.ask(page).status == 429
        assert site.ask("/?ip=192.0.2.7").status == 200
    finally:
        site.close()


def test_more_than_a_minutes_requests_take_all_of_them(tmp_path):
    site = Website(tmp_path, more="rate = 4")
    site.videur("ban", "192.0.2.7", "2h")
    try:
        site.start()
        sixteen = SEVERAL + "?" + "&".join(["ip=192.0.2.7"] * 16)
        assert site.ask(sixteen).status == 200
        assert site.ask(ADDRESS.format(address="192.0.2.7")).status == 429
    finally:
        site.close()


def test_the_page_gives_several_as_json_too(shown):
    for query in "ip=192.0.2.7&ip=x", "ip=192.0.2.7,+192.0.2.256":
        answer = shown.ask("/?" + query, Accept="application/json")
        check_answer(SEVERAL, answer)
        one, other = json.loads(answer.text)["answers"]
        assert one["listed"] and "error" in other


def test_next_is_what_explain_computes(shown):
    for ip in "192.0.2.7", "192.0.2.9", "203.0.113.5":
        said = json.loads(shown.videur("explain", ip, "--json"))
        explained = {ban["ref"]: None for ban in said["bans"]}
        explained.update({cause["ref"]: cause.get("next")
                          for cause in said["causes"]})
        ref = said["bans"][0]["ref"]
        bans = json.loads(shown.ask(
            ADDRESS.format(address=ip) + f"?ref={ref}").text)["bans"]
        assert {ban["ref"]: ban["next"] for ban in bans} == explained
        assert all((ban["next"] is None) == (ban["rule"] == "manual")
                   for ban in bans)


def test_statistics_are_as_described(shown):
    answer = shown.ask("/api/v1/stats")
    assert answer.status == 200
    check_answer("/api/v1/stats", answer)


def test_the_description_is_served(shown):
    answer = shown.ask("/api/v1/openapi.json")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert json.loads(answer.text) == DESCRIPTION
    check_answer("/api/v1/openapi.json", answer)


def test_every_reference_leads_somewhere():
    words = json.dumps(DESCRIPTION)
    refs = set(re.findall(r'"\$ref": "([^"]*)"', words))
    assert refs
    for ref in refs:
        assert resolved({"$ref": ref})
    for family in "schemas", "responses", "parameters":
        for name in DESCRIPTION["components"][family]:
            assert f"#/components/{family}/{name}" in refs, "unused"


def test_every_path_of_the_api_is_described(shown):
    for path in PATHS:
        asked = path.format(address="192.0.2.7") + "?ip=192.0.2.7"
        assert shown.ask(asked).status == 200
    assert shown.ask("/api/v1/else").status == 404


def test_without_a_database_the_answers_are_as_described(empty):
    empty.start()
    for path in ADDRESS, SEVERAL, "/api/v1/stats":
        answer = empty.ask(path.format(address="192.0.2.7")
                           + "?ip=192.0.2.7&ip=x")
        assert answer.status == 503
        check_answer(path, answer)


def test_too_many_requests_are_answered_as_described(tmp_path):
    site = Website(tmp_path, more="rate = 2")
    site.videur("ban", "192.0.2.7", "2h")
    try:
        site.start()
        for path in ADDRESS, "/api/v1/stats":
            for _ in range(3):
                answer = site.ask(path.format(address="192.0.2.7"))
            assert answer.status == 429
            check_answer(path, answer)
    finally:
        site.close()


def test_statistics_count_what_was_done(empty):
    """Bans by hand begin no event; reports do, and their rule's ban."""
    empty.videur("report", "virus", "192.0.2.7")
    empty.videur("report", "auth", "192.0.2.8")
    empty.videur("ban", "2001:db8::/48", "2h", "--reason", "spam")
    empty.start()
    said = json.loads(empty.ask("/api/v1/stats").text)
    assert said["listed"] == {"ipv4": 1, "ipv6": 1}
    assert {reason: number for reason, number in said["bans"].items()
            if number} == {"virus": 1, "manual": 1}
    assert said["addresses"] == {"ipv4": 1, "ipv6": 0}
    assert said["networks"] == {"ipv4": 0, "ipv6": 1}
    assert said["days"][-1]["bans"]["manual"] == 1
    today = said["days"][-1]
    assert today["day"] == said["checked_at"][:10]
    assert {kind: number for kind, number in today["events"].items()
            if number} == {"virus": 1, "auth": 1}
    assert today["bans"]["virus"] == 1
    days = [day["day"] for day in said["days"]]
    assert days == sorted(days)
    assert len(set(days)) == 30


@pytest.mark.parametrize("ip", ["192.0.2.7", "198.51.100.1",
                                "2001:db8:0:1::7"])
def test_the_page_gives_json_to_who_prefers_it(shown, ip):
    api = json.loads(shown.ask(f"/api/v1/ip/{ip}").text)
    answer = shown.ask(f"/?ip={ip}", Accept="application/json")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    said = json.loads(answer.text)
    assert {**said, "checked_at": 0} == {**api, "checked_at": 0}


@pytest.mark.parametrize("path, status", [
    ("/?ip=x", 400), ("/?ip=10.0.0.1", 400), ("/?ip=", 400), ("/", 400)])
def test_bad_questions_get_json_too(shown, path, status):
    answer = shown.ask(path, Accept="application/json")
    assert answer.status == status
    assert json.loads(answer.text)["error"]


def test_a_programs_own_address(shown):
    answer = shown.ask("/", Accept="application/json",
                       X_Forwarded_For="192.0.2.7")
    assert json.loads(answer.text)["ip"] == "192.0.2.7"
    assert json.loads(answer.text)["listed"]


@pytest.mark.parametrize("accept", [None, "*/*", "text/html", "text/html, "
                                    "application/json;q=0.9"])
def test_whoever_else_gets_the_page(shown, accept):
    headers = {"Accept": accept} if accept else {}
    answer = shown.ask("/?ip=192.0.2.7", **headers)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_what_the_answer_depends_on_is_said(shown):
    for accept in "text/html", "application/json":
        assert shown.ask("/?ip=192.0.2.7", Accept=accept) \
            .headers["Vary"] == "Accept, Accept-Language"
    for path in "/api/v1/ip/192.0.2.7", "/api/v1/ip/x":
        assert shown.ask(path).headers["Vary"] == "Accept-Language"


@pytest.mark.parametrize("path", ["/api/v1/ip/192.0.2.7", "/?ip=192.0.2.7"])
def test_when_to_ask_again_about_a_listed_address(shown, path):
    """The end of the ban that ends last."""
    bans = json.loads(shown.ask("/api/v1/ip/192.0.2.7").text)["bans"]
    ends = time.strptime(max(ban["ends"] for ban in bans) + " UTC",
                         "%Y-%m-%dT%H:%M:%SZ %Z")
    before = time.time()
    wait = int(shown.ask(path).headers["Retry-After"])
    assert abs(before + wait - calendar.timegm(ends)) <= 2


@pytest.mark.parametrize("path", [
    "/api/v1/ip/198.51.100.1", "/?ip=198.51.100.1", "/api/v1/ip/x", "/",
    "/healthz", "/api/v1/stats"])
def test_otherwise_nothing_is_said_of_it(shown, path):
    assert "Retry-After" not in shown.ask(path).headers


def test_pages_of_other_sites_may_ask(shown):
    for path in ("/api/v1/ip/192.0.2.7", "/api/v1/ip/x", "/api/v1/stats",
                 "/api/v1/openapi.json"):
        headers = shown.ask(path, Origin="https://x.example").headers
        assert headers["Access-Control-Allow-Origin"] == "*", path
        assert "Access-Control-Allow-Credentials" not in headers
    for path in "/", "/?ip=192.0.2.7", "/style.css":
        assert "Access-Control-Allow-Origin" not in shown.ask(path).headers
