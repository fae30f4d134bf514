"""How an account is written down."""

from __future__ import annotations

import pytest

from engine.account.settings import Account, Stake


@pytest.mark.parametrize(
    ("text", "stake"),
    [
        ("500", Stake("fixed", 500)), ("1_000.5", Stake("fixed", 1000.5)), ("10%", Stake("percent", 0.1)),
        (" 2.5 % ", Stake("percent", 0.025)), ("risk 1%", Stake("risk", 0.01)), ("risk:0.5%", Stake("risk", 0.005)),
    ],
)  # fmt: skip
def test_a_stake_is_money_a_share_or_a_risk(text: str, stake: Stake) -> None:
    assert Stake.parse(text) == stake
    assert Stake.parse(str(stake)) == stake


@pytest.mark.parametrize("text", ["", "abc", "-5", "0", "0%", "risk 5", "5 percent", "1e3", "risk", "10%%"])
def test_what_is_no_stake_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"10%|risk 1%"):
        Stake.parse(text)


@pytest.mark.parametrize("wrong", [{"capital": 0}, {"capital": -1}, {"capital": float("inf")}, {"leverage": 0}])
def test_an_account_without_money_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Account(**{"capital": 1.0, "stake": Stake("fixed", 1), **wrong})  # type: ignore[arg-type]
