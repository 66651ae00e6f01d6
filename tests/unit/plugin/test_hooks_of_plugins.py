"""A plugin with hooks of its own, and those that implement them."""

from __future__ import annotations

import warnings
from types import ModuleType

import pytest

from careplug.contributions import HookSpecs
from careplug.errors import Invalid, NotFound
from careplug.plugin import hookimpl, hookspec
from tests.unit.plugin.tiny import code, handler, load, module


def specs(**functions):
    made = ModuleType("specs")
    for name, function in functions.items():
        setattr(made, name, hookspec(function))
    return made


def rules():
    """Rules."""


def priced(amount):
    """What something costs."""


CONTRACTS = module(
    "contracts", careplug_hooks=lambda: (HookSpecs(specs(careplug_contract_rules=rules, careplug_price=priced)),)
)


def test_a_third_plugin_reaches_the_second():
    one = module("one", careplug_contract_rules=lambda: ("a", "b"))
    two = module("two", careplug_contract_rules=lambda: ("c",))
    for order in ((CONTRACTS, one, two), (one, CONTRACTS, two), (one, two, CONTRACTS)):
        plugins = load(*order)
        assert plugins.report.failed == ()
        assert plugins.gather("careplug_contract_rules") == ("a", "b", "c")
        owners = [(owner.name, items) for owner, items in plugins.gather_by_owner("careplug_contract_rules")]
        assert owners == [("one", ("a", "b")), ("two", ("c",))]
    assert plugins.report.line("one").contributed == {"gathered": 2}


def test_a_hook_with_arguments_is_called_when_it_is_gathered():
    calls = []
    one = module("one", careplug_price=lambda amount: calls.append(amount) or (amount * 2,))
    bad = module("bad", careplug_price=lambda amount: 1 / 0)
    wrong = module("wrong", careplug_price=lambda: 5)
    plugins = load(CONTRACTS, bad, wrong, one)
    assert calls == []
    assert plugins.gather("careplug_price", amount=3) == (6,)
    assert calls == [3]
    assert plugins.report.failed == ()


def test_a_hook_with_settings_and_an_argument():
    given = module("given", careplug_hooks=lambda: (HookSpecs(specs(careplug_both=lambda settings, x: None)),))
    one = module("one", careplug_both=lambda settings, x: ((settings, x),))
    assert load(given, one).gather("careplug_both", x=1) == ((None, 1),)


def test_gathering_what_is_not_there():
    with pytest.raises(NotFound) as caught:
        load().gather("careplug_contract_rules")
    assert caught.value.code == "plugin.gather_unknown"


@pytest.mark.parametrize("arguments", [{}, {"x": 1}, {"amount": 1, "x": 1}])
def test_gathering_with_wrong_arguments(arguments):
    with pytest.raises(Invalid) as caught:
        load(CONTRACTS).gather("careplug_price", **arguments)
    assert caught.value.code == "plugin.gather_arguments"


def test_nobody_implements_it():
    assert load(CONTRACTS).gather("careplug_contract_rules") == ()


@pytest.mark.parametrize(("function", "expected"), [
    (lambda: ["a"], "plugin.returned"),
    (lambda: 1 / 0, "plugin.raised"),
    (lambda amount: (), "plugin.argument_unknown"),
])  # fmt: skip
def test_a_wrong_implementation_fails_its_plugin_alone(function, expected):
    plugins = load(CONTRACTS, module("bad", careplug_contract_rules=function), handler("fine"))
    assert [(line.name, line.error.code) for line in plugins.report.failed] == [("bad", expected)]


def test_a_hook_whose_owner_is_not_installed():
    one = module("one", careplug_contract_rules=lambda: ("a",))
    assert code(load(one), "one") == "plugin.hook_unknown"


def test_a_hook_whose_owner_failed():
    broken = module("contracts", careplug_hooks=CONTRACTS.careplug_hooks, careplug_jobs=lambda: 1 / 0)
    one = module("one", careplug_contract_rules=lambda: ("a",))
    plugins = load(one, broken)
    assert code(plugins, "one") == "plugin.hook_lost"
    assert plugins.report.line("one").error.params["owner"] == "contracts"


def test_an_optional_implementation_lives_without_the_owner():
    one = module("one")
    one.careplug_contract_rules = hookimpl(optionalhook=True)(lambda: ("a",))
    broken = module("contracts", careplug_hooks=CONTRACTS.careplug_hooks, careplug_jobs=lambda: 1 / 0)
    assert code(load(one), "one") == "loaded"
    plugins = load(one, broken)
    assert code(plugins, "one") == "loaded"
    assert plugins.report.line("one").contributed == {}
    assert load(one, CONTRACTS).gather("careplug_contract_rules") == ("a",)


def test_two_owners_of_one_hook():
    other = module("other", careplug_hooks=lambda: (HookSpecs(specs(careplug_price=priced)),))
    plugins = load(CONTRACTS, other)
    error = plugins.report.line("other").error
    assert (error.code, error.params["owner"]) == ("plugin.two_hooks", "contracts")


def test_nobody_takes_over_a_hook_of_the_core():
    other = module("other", careplug_hooks=lambda: (HookSpecs(specs(careplug_jobs=rules)),))
    error = load(other).report.line("other").error
    assert (error.code, error.params["owner"]) == ("plugin.two_hooks", "careplug")


def test_hooks_of_plugins_have_the_prefix():
    other = module("other", careplug_hooks=lambda: (HookSpecs(specs(rules=rules)),))
    assert code(load(other), "other") == "plugin.spec_prefix"


@pytest.mark.parametrize("option", ["firstresult", "historic"])
def test_hooks_of_plugins_collect(option):
    made = ModuleType("specs")
    made.careplug_rules = hookspec(**{option: True})(rules)
    assert code(load(module("other", careplug_hooks=lambda: (HookSpecs(made),))), "other") == "plugin.spec_option"


def test_a_deprecated_hook_warns_whoever_implements_it():
    made = ModuleType("specs")
    made.careplug_old = hookspec(warn_on_impl=DeprecationWarning("use careplug_new"))(rules)
    owner = module("owner", careplug_hooks=lambda: (HookSpecs(made),))
    user = module("user", careplug_old=lambda: ())
    with pytest.warns(DeprecationWarning, match="use careplug_new"):
        plugins = load(owner, user)
    assert plugins.report.line("user").deprecated == {"careplug_old": "use careplug_new"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert code(load(owner, user), "user") == "plugin.raised"


def test_a_deprecated_argument_warns_whoever_takes_it():
    made = ModuleType("specs")
    made.careplug_price = hookspec(warn_on_impl_args={"amount": DeprecationWarning("use money")})(priced)
    owner = module("owner", careplug_hooks=lambda: (HookSpecs(made),))
    user = module("user", careplug_price=lambda amount: ())
    other = module("other", careplug_price=lambda: ())
    with pytest.warns(DeprecationWarning, match="use money"):
        plugins = load(owner, user, other)
    assert plugins.report.line("user").deprecated == {"careplug_price.amount": "use money"}
    assert plugins.report.line("other").deprecated == {}
