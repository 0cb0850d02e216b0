"""The one registry shape."""

from contextlib import suppress

import pytest

from vpe_core.errors import AttentionError
from vpe_core.registry import Registry


@pytest.fixture
def registry() -> Registry[int]:
    filled: Registry[int] = Registry("attention method", AttentionError, {"rollout": 1})
    filled.add("legrad", 2)
    return filled


def test_names_keep_their_order(registry: Registry[int]) -> None:
    assert registry.names() == ("rollout", "legrad")
    assert registry.get("legrad") == 2
    assert "legrad" in registry
    assert "other" not in registry
    assert len(registry) == 2


def test_unknown_names_list_the_choices(registry: Registry[int]) -> None:
    with pytest.raises(AttentionError) as caught:
        registry.get("LeGrd")
    assert str(caught.value) == (
        "There is no attention method called 'LeGrd'. Did you mean 'legrad'? Choose one of: rollout, legrad."
    )


@pytest.mark.parametrize("name", ["", None, 3, "x" * 10_000, ["rollout"]])
def test_any_wrong_name_is_refused_briefly(registry: Registry[int], name: object) -> None:
    with pytest.raises(AttentionError) as caught:
        registry.get(name)  # type: ignore[arg-type]
    assert len(str(caught.value)) < 200


def test_a_name_is_given_once(registry: Registry[int]) -> None:
    with pytest.raises(ValueError, match="'legrad' is registered twice"):
        registry.add("legrad", 3)


def test_the_decorator_returns_what_it_registers(registry: Registry[int]) -> None:
    functions: Registry[object] = Registry("thing", AttentionError)

    @functions.register("one")
    def one() -> int:
        return 1

    assert functions.get("one") is one
    assert one() == 1


def test_what_is_added_for_a_while_goes_again(registry: Registry[int]) -> None:
    with suppress(RuntimeError), registry.restored():
        registry.add("perturbation", 3)
        assert dict(registry.items()) == {"rollout": 1, "legrad": 2, "perturbation": 3}
        raise RuntimeError
    assert registry.names() == ("rollout", "legrad")
