"""scripts/sbom: what it prints is SPDX 2.3, and true."""

import hashlib
import json
import os
import re
import subprocess

import pytest

TREE = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("VIDEUR_BUILD", "build"))


def sbom(moment="1795305600"):
    return subprocess.run(
        [f"{TREE}/scripts/sbom", BUILD], check=True, capture_output=True,
        text=True, env={**os.environ, "SOURCE_DATE_EPOCH": moment}).stdout


@pytest.fixture(name="text", scope="module")
def text_fixture():
    return sbom()


@pytest.fixture(name="document")
def document_fixture(text):
    return json.loads(text)


def elements(document):
    return [document, *document["packages"], *document["files"]]


def test_the_head_is_that_of_spdx_2_3(document):
    assert document["spdxVersion"] == "SPDX-2.3"
    assert document["dataLicense"] == "CC0-1.0"
    assert document["SPDXID"] == "SPDXRef-DOCUMENT"
    assert document["name"] == "videur-0.1.0"
    assert re.fullmatch("https://[^#]+", document["documentNamespace"])
    assert document["creationInfo"]["created"] == "2026-11-22T00:00:00Z"
    for creator in document["creationInfo"]["creators"]:
        assert re.match("(Tool|Organization|Person): .", creator)


def test_every_element_has_an_id_of_its_own(document):
    ids = [one["SPDXID"] for one in elements(document)]
    assert len(ids) == len(set(ids))
    for name in ids:
        assert re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", name)


def test_relationships_lead_from_element_to_element(document):
    ids = {one["SPDXID"] for one in elements(document)}
    kinds = set()
    for one in document["relationships"]:
        assert one["spdxElementId"] in ids
        assert one["relatedSpdxElement"] in ids
        kinds.add(one["relationshipType"])
    assert kinds == {"DESCRIBES", "CONTAINS", "GENERATED_FROM",
                     "DYNAMIC_LINK"}


def test_packages_say_what_the_standard_asks_for(document):
    for package in document["packages"]:
        assert package["name"] and package["downloadLocation"]
        # A package whose files were looked at has a code over them, and no
        # other has.
        assert package["filesAnalyzed"] == (
            "packageVerificationCode" in package)
        for key in ("licenseConcluded", "licenseDeclared", "copyrightText"):
            assert package[key]


def test_licences_are_spdx_s_own_or_explained(document):
    explained = {one["licenseId"]: one["extractedText"]
                 for one in document.get("hasExtractedLicensingInfos", [])}
    for package in document["packages"]:
        name = package["licenseDeclared"]
        if name.startswith("LicenseRef-"):
            assert len(explained[name]) > 40
    assert all(re.fullmatch(r"LicenseRef-[A-Za-z0-9.-]+", name)
               for name in explained)
    ours = document["packages"][0]
    assert (ours["name"], ours["licenseDeclared"]) == ("videur", "ISC")


def test_checksums_are_true(document):
    for entry in document["files"]:
        root = BUILD if entry["fileTypes"] == ["BINARY"] else TREE
        with open(os.path.join(root, entry["fileName"]), "rb") as file:
            data = file.read()
        assert {one["algorithm"]: one["checksumValue"]
                for one in entry["checksums"]} == {
            "SHA1": hashlib.sha1(data).hexdigest(),
            "SHA256": hashlib.sha256(data).hexdigest()}


def test_the_code_of_a_package_is_that_of_its_files(document):
    sums = {one["SPDXID"]: one["checksums"][0]["checksumValue"]
            for one in document["files"]}
    for package in document["packages"][:2]:
        within = sorted(sums[one["relatedSpdxElement"]]
                        for one in document["relationships"]
                        if one["spdxElementId"] == package["SPDXID"] and
                        one["relationshipType"] == "CONTAINS")
        code = package["packageVerificationCode"]
        assert code["packageVerificationCodeValue"] == hashlib.sha1(
            "".join(within).encode()).hexdigest()


def test_programs_sources_and_libraries_are_all_there(document):
    names = {one["fileName"] for one in document["files"]}
    assert {"./videur", "./videur-feedback", "./videur-milter",
            "./videur-share", "./videur-watch", "./videur-web", "./src/ctl/main.c", "./web/style.css", "./Makefile"} <= names
    libraries = {one["name"]: one.get("versionInfo")
                 for one in document["packages"][2:]}
    for part in ("sqlite3", "milter", "microhttpd", "gnutls", "pcre2",
                 "systemd", "gmime", "pq"):
        assert any(part in name and version
                   for name, version in libraries.items()), part


def test_the_same_programs_give_the_same_document(text):
    assert sbom() == text
    assert sbom("1795305601") != text
