from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careplug.errors import Conflict, Invalid, NotFound, Refused
from careplug.messages.directory import Parties, StoredDirectory, _checked
from careplug.ports import Address
from careplug.refs import Ref
from tests.unit.messages.house import ACME, CHEN, CUSTOMER, ENGINEER, LI, MANAGER, WANG, ZHOU, House

NEW = Ref("person", "new")


@pytest.fixture
def house():
    return House()


@pytest.fixture
def parties(house):
    with house.care.unit(actor=MANAGER) as unit:
        yield unit.get(Parties)


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"name": ""}, "party.name", "party.name"),
        ({"name": "  "}, "party.name", "party.name"),
        ({"name": "a\nb"}, "party.name", "party.name"),
        ({"name": "长" * 201}, "party.name", "party.name"),
        ({"name": None}, "party.name", "party.name"),
        ({"roles": "manager"}, "party.role", "party.roles"),
        ({"roles": ["two words"]}, "party.role", "party.roles"),
        ({"roles": [""]}, "party.role", "party.roles"),
        ({"language": "fr"}, "party.language", "party.language"),
        ({"language": ""}, "party.language", "party.language"),
        ({"language": "english"}, "party.language", "party.language"),
        ({"zone": "Mars/Base"}, "party.zone", "party.zone"),
        ({"zone": ""}, "party.zone", "party.zone"),
        ({"zone": "../passwd"}, "party.zone", "party.zone"),
        ({"zone": None}, "party.zone", "party.zone"),
        ({"addresses": [Address("Mail", "x")]}, "party.channel", "party.addresses.channel"),
        ({"addresses": [("mail", "x@y")]}, "party.channel", "party.addresses.channel"),
        ({"addresses": [Address("mail", "nobody")]}, "party.mail", "party.addresses.mail"),
        ({"addresses": [Address("mail", "Li <li@example.org>")]}, "party.mail", "party.addresses.mail"),
        ({"addresses": [Address("mail", "a@b\nBcc: c@d")]}, "party.mail", "party.addresses.mail"),
        ({"addresses": [Address("mail", "a@b,c@d")]}, "party.mail", "party.addresses.mail"),
        ({"addresses": [Address("sms", "call me")]}, "party.sms", "party.addresses.sms"),
        ({"addresses": [Address("phone", "1")]}, "party.phone", "party.addresses.phone"),
        ({"addresses": [Address("webhook", "ftp://x")]}, "party.webhook", "party.addresses.webhook"),
        ({"addresses": [Address("wecom", "")]}, "party.address", "party.addresses.wecom"),
        ({"addresses": [Address("wecom", "x" * 301)]}, "party.address", "party.addresses.wecom"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_stored(parties, fields, code, field):
    before = len(parties.find(active=None, limit=500))
    with pytest.raises(Invalid) as caught:
        parties.add(NEW, **{"name": "New", **fields})
    assert (caught.value.code, caught.value.field) == (code, field)
    assert caught.value.text("en").startswith(field)
    assert caught.value.text("zh").startswith(field)
    assert len(parties.find(active=None, limit=500)) == before


@pytest.mark.parametrize(
    ("given_", "kept"), [("zh", "zh_CN"), ("zh-Hans-CN", "zh_CN"), ("EN_gb.UTF-8", "en"), ("qps", "qps")]
)
def test_a_language_is_kept_as_the_one_we_have(given_, kept):
    assert _checked(language=given_) == {"language": kept}


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_mail_address_never_carries_a_second_one_or_a_header(local, domain):
    try:
        _checked(addresses=[Address("mail", f"{local}@{domain}")])
    except Invalid:
        return
    assert not set(f"{local}{domain}") & set(" \t\r\n,;<>@")
    assert local
    assert domain


def test_a_reference_has_one_party(parties):
    with pytest.raises(Conflict) as caught:
        parties.add(LI, name="Another")
    assert caught.value.code == "party.exists"


def test_an_edit_needs_the_version_it_saw(parties):
    party = parties.of(WANG)
    again = parties.edit(party.id, expected=1, name="Wang W.", roles=["lead", "team:hotline"])
    assert (again.version, again.name, again.zone) == (2, "Wang W.", party.zone)
    with pytest.raises(Conflict) as caught:
        parties.edit(party.id, expected=1, name="Late")
    assert caught.value.code == "party.stale"
    assert parties.get(party.id) == again
    assert [p.ref for p in parties.find(role="engineer")] == []
    assert [p.ref for p in parties.find(role="lead")] == [WANG]


def test_what_is_no_field_cannot_be_edited(parties):
    party = parties.of(WANG)
    for name in ("ref", "version", "tenant", "phone"):
        with pytest.raises(Invalid) as caught:
            parties.edit(party.id, expected=1, **{name: "x"})
        assert caught.value.field == f"party.{name}"
    for call in (parties.get, parties.forget, lambda ident: parties.edit(ident, expected=1)):
        with pytest.raises(NotFound):
            call("nope")
    with pytest.raises(Invalid):
        parties.find(limit=0)


def test_parties_are_found_by_organisation_and_role_in_pages(parties):
    for number in range(5):
        parties.add(Ref("person", f"c{number}"), name="Same name" if number < 3 else f"C {number}", organisation=ACME)
    whole = parties.find(organisation=ACME)
    assert len(whole) == 5
    seen, after = [], None
    while page := parties.find(organisation=ACME, limit=2, after=after):
        seen += page
        after = (page[-1].name, page[-1].id)
    assert seen == whole
    assert [p.ref for p in parties.find(role="manager")] == [CHEN, ZHOU]
    assert parties.find(role="manager", organisation=ACME) == []
    assert parties.find(role="none") == []


def test_the_directory_gives_contacts_and_members(house):
    directory = StoredDirectory()
    with house.care.read(actor=ENGINEER) as unit:
        found = directory.find(unit, LI)
        assert (found.ref, found.name, found.language) == (LI, "李雷", "zh_CN")
        assert Address("mail", "li@example.org") in found.addresses
        assert directory.find(unit, NEW) is None
        assert [c.ref for c in directory.members(unit, "team:hotline")] == [WANG, ZHOU]
        assert directory.members(unit, "none") == []


def test_somebody_inactive_keeps_the_name_and_gets_nothing(house):
    with house.care.unit(actor=MANAGER) as unit:
        parties = unit.get(Parties)
        parties.edit(parties.of(CHEN).id, expected=1, active=False)
        directory = StoredDirectory()
        assert [c.ref for c in directory.members(unit, "manager")] == [ZHOU]
        found = directory.find(unit, CHEN)
        assert (found.name, found.addresses) == ("Chen Jing", ())
        assert [p.ref for p in parties.find(role="manager")] == [ZHOU]
        assert [p.ref for p in parties.find(role="manager", active=None)] == [CHEN, ZHOU]


def test_who_is_forgotten_leaves_a_reference_only(house):
    with house.care.unit(actor=MANAGER) as unit:
        parties = unit.get(Parties)
        gone = parties.forget(parties.of(CHEN).id)
    assert (gone.ref, gone.name, gone.addresses, gone.roles, gone.active) == (CHEN, "", (), (), False)
    with house.care.read(actor=MANAGER) as unit:
        assert "Chen Jing" not in repr(unit.get(Parties).find(active=None))
        assert [c.ref for c in StoredDirectory().members(unit, "manager")] == [ZHOU]


def test_tenants_do_not_see_each_others_people(house):
    with house.care.unit(actor=MANAGER, tenant="b") as unit:
        parties = unit.get(Parties)
        assert parties.of(LI) is None
        parties.add(LI, name="Another Li", roles=["manager"])
        assert [c.name for c in StoredDirectory().members(unit, "manager")] == ["Another Li"]


def test_customers_do_not_read_the_directory_and_engineers_do_not_write_it(house):
    with pytest.raises(Refused), house.care.read(actor=CUSTOMER) as unit:
        unit.get(Parties).of(LI)
    with pytest.raises(Refused), house.care.unit(actor=ENGINEER) as unit:
        unit.get(Parties).add(NEW, name="New")
