"""Rules B13 to B15: a user's budgets hold on all instances together."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field

import pytest

from collab.flow.budget import Allowance, BudgetPool, UserBudgets
from collab.flow.shared import BudgetsAsked, BudgetsShown
from collab.flow.sharing import FORGET_AFTER, BudgetSharing
from collab.ids import DocKey

# The defaults of the server.
IN = Allowance(128 * 1024, 1 << 20, 200, 400)
OUT = Allowance(1 << 20, 4 << 20)
ADA = (DocKey("demo", "home"), "ada")
STEP = 0.01


class Instance:
    """One instance: its pool, and the connection of one user."""

    def __init__(self, name: str, cluster: Cluster) -> None:
        self.name = name
        self.pool = BudgetPool(IN, OUT)
        self.sharing = BudgetSharing({"documents": self.pool}, name)
        self.sent = {"bytes": 0.0, "messages": 0}
        self._cluster = cluster
        cluster.instances[name] = self

    @property
    def budgets(self) -> UserBudgets:
        """Return Ada's budgets, with one more connection of her."""
        return self.pool.acquire(ADA, self._cluster.now)

    def spend_all(self, size: int, most: int = 10_000) -> None:
        """Send frames of one message while the budget allows it."""
        now, budget = self._cluster.now, self.budgets.inbound
        while most > 0 and not budget.wait(now):
            budget.spend(size, now)
            self.sent["bytes"] += size
            self.sent["messages"] += 1
            most -= 1
        self.pool.release(ADA, now)

    def level(self) -> float:
        budgets, now = self.budgets, self._cluster.now
        self.pool.release(ADA, now)
        return budgets.inbound.bytes.level(now)


@dataclass
class Cluster:
    """Instances, and a network with a delay, which may lose, repeat and reorder messages."""

    delay: float = 0.0
    loss: float = 0.0
    now: float = 100.0
    instances: dict[str, Instance] = field(default_factory=dict)
    sent: list[tuple[str, BudgetsShown]] = field(default_factory=list)
    _on_the_way: deque[tuple[float, str, BudgetsShown | BudgetsAsked]] = field(
        default_factory=deque
    )
    _choose: random.Random = field(default_factory=lambda: random.Random(1))

    def start(self, name: str) -> Instance:
        instance = Instance(name, self)
        self.say(name, BudgetsAsked())
        return instance

    def say(self, name: str, message: BudgetsShown | BudgetsAsked) -> None:
        if isinstance(message, BudgetsShown):
            self.sent.append((name, message))
        if self.loss and self._choose.random() < self.loss:
            return
        self._on_the_way.append((self.now + self.delay, name, message))
        if self.loss and self._choose.random() < self.loss:
            self._on_the_way.append((self.now + 2 * self.delay, name, message))
            self._on_the_way = deque(sorted(self._on_the_way, key=lambda one: one[0]))

    def step(self, count: int) -> None:
        """Let 10 ms pass. Every tenth step, each instance sends its messages."""
        self.now += STEP
        while self._on_the_way and self._on_the_way[0][0] <= self.now:
            _, sender, message = self._on_the_way.popleft()
            for name, instance in self.instances.items():
                if name != sender:
                    instance.sharing.receive(sender, message, self.now)
        if count % 10 == 0:
            for name, instance in self.instances.items():
                for message in instance.sharing.messages(self.now):
                    self.say(name, message)
                instance.pool.evict(self.now)

    def pass_time(self, seconds: float) -> None:
        for count in range(round(seconds / STEP)):
            self.step(count)

    def total(self, what: str) -> float:
        return sum(instance.sent[what] for instance in self.instances.values())


def cluster_of(names: str = "abc", delay: float = 0.0, loss: float = 0.0) -> Cluster:
    cluster = Cluster(delay, loss)
    for name in names:
        cluster.start(name)
    cluster.pass_time(0.5)
    return cluster


@pytest.mark.parametrize("loss", [0.0, 0.1], ids=["sound", "losses"])
@pytest.mark.parametrize("delay", [0.0, 0.1], ids=["quick", "late"])
@pytest.mark.parametrize("size", [50, 1_000, 60_000])
def test_b13_a_user_on_three_instances_gets_one_budget(
    size: int, delay: float, loss: float
) -> None:
    cluster = cluster_of(delay=delay, loss=loss)
    for count in range(3_000):
        cluster.step(count)
        for instance in cluster.instances.values():
            instance.spend_all(size)
    allowed = {"bytes": IN.bytes_burst + 30 * IN.bytes_per_second}
    allowed["messages"] = IN.messages_burst + 30 * IN.messages_per_second
    used = max(cluster.total(what) / most for what, most in allowed.items())
    assert 0.9 <= used <= 1.1


@pytest.mark.parametrize("share", [0.05, 0.2, 0.9])
def test_b13_three_steady_streams_share_one_rate(share: float) -> None:
    cluster = cluster_of(delay=0.1)
    for count in range(3_000):
        cluster.step(count)
        if count % 5 == 0:
            for instance in cluster.instances.values():
                instance.spend_all(round(share * IN.bytes_per_second * 5 * STEP), most=1)
    wanted = 3 * share * 30 * IN.bytes_per_second
    allowed = IN.bytes_burst + 30 * IN.bytes_per_second
    assert cluster.total("bytes") <= 1.1 * allowed
    assert cluster.total("bytes") >= 0.95 * min(wanted, allowed)


def test_b13_a_user_who_moves_from_instance_to_instance_gets_one_budget() -> None:
    cluster = cluster_of(delay=0.1)
    instances = list(cluster.instances.values())
    for count in range(3_000):
        cluster.step(count)
        instances[count // 50 % 3].spend_all(1_000)
    assert cluster.total("bytes") <= 1.1 * (IN.bytes_burst + 30 * IN.bytes_per_second)


def test_b13_a_user_on_one_instance_loses_nothing() -> None:
    cluster, alone = cluster_of(delay=0.1), cluster_of("x")
    a, x = cluster.instances["a"], alone.instances["x"]
    for count in range(1_500):
        for each, instance in ((cluster, a), (alone, x)):
            each.step(count)
            instance.spend_all(1_000)
    assert a.sent == x.sent


def test_b13_a_light_user_is_not_shown() -> None:
    cluster = cluster_of()
    a = cluster.instances["a"]
    for count in range(1_000):
        cluster.step(count)
        if count % 10 == 0:  # ten messages a second: a user who types
            a.spend_all(100, most=1)
    assert cluster.sent == []
    assert len(cluster.instances["b"].pool) == 0


def test_b13_bytes_that_a_user_gets_are_shared_too() -> None:
    cluster = cluster_of("ab")
    a, b = cluster.instances["a"], cluster.instances["b"]
    assert a.budgets.outbound.bytes.try_spend(3 << 20, cluster.now)
    cluster.pass_time(1.5)
    assert not b.budgets.outbound.bytes.try_spend(3 << 20, cluster.now)


def test_b14_a_new_connection_elsewhere_gets_no_new_budget() -> None:
    cluster = cluster_of("ab")
    a, b = cluster.instances["a"], cluster.instances["b"]
    a.spend_all(1 << 20, most=2)
    cluster.pass_time(1.2)
    assert b.level() == pytest.approx(a.level(), rel=0.05)


def test_b14_a_restart_gives_no_new_budget() -> None:
    cluster = cluster_of("ab")
    a = cluster.instances["a"]
    a.spend_all(1 << 20, most=2)
    for message in a.sharing.last_messages(cluster.now):
        cluster.say("a", message)
    left = a.level()
    del cluster.instances["a"]
    cluster.pass_time(0.3)
    again = cluster.start("a2")
    cluster.pass_time(0.3)
    assert again.level() <= left + 0.7 * IN.bytes_per_second
    # It is charged only once, although the instance that answered is asked again.
    cluster.say("a2", BudgetsAsked())
    cluster.pass_time(0.3)
    assert again.level() >= left


def test_b14_a_restart_of_all_instances_gives_no_new_budget() -> None:
    cluster = cluster_of("a")
    a = cluster.instances["a"]
    a.spend_all(1 << 20, most=2)
    cluster.pass_time(1.2)
    kept = a.sharing.kept(cluster.now, 1_000_000)
    assert kept is not None
    left = a.level()
    del cluster.instances["a"]
    cluster.pass_time(2.0)
    again = cluster.start("a2")
    again.sharing.restore(kept, cluster.now, 1_002_000)
    assert again.level() == pytest.approx(left + 2 * IN.bytes_per_second, rel=0.01)
    again.sharing.restore(kept, cluster.now, 999_000)  # a clock that went back
    assert again.level() == pytest.approx(left, rel=0.01)
    cluster.pass_time(20.0)
    assert again.level() == IN.bytes_burst
    assert again.sharing.kept(cluster.now, 1_022_000) is None


def test_b14_a_user_who_is_back_within_the_rate_has_a_full_budget() -> None:
    cluster = cluster_of("ab")
    a, b = cluster.instances["a"], cluster.instances["b"]
    a.spend_all(1 << 20, most=1)
    cluster.pass_time(1.2)
    assert b.level() < IN.bytes_burst / 2
    cluster.pass_time(15.0)
    assert a.level() == b.level() == IN.bytes_burst
    assert not cluster.instances["a"].sharing._followed
    # The next episode is charged from its own beginning.
    a.spend_all(1 << 19, most=1)
    cluster.pass_time(1.2)
    assert b.level() == pytest.approx(a.level(), rel=0.05)


def test_b15_memory_is_bounded_and_old_users_are_forgotten() -> None:
    cluster = cluster_of("ab")
    a, b = cluster.instances["a"], cluster.instances["b"]
    for user in range(500):
        owner = (DocKey("demo", "home"), f"u{user}")
        a.pool.acquire(owner, cluster.now).inbound.spend(1 << 19, cluster.now)
        a.pool.release(owner, cluster.now)
    cluster.pass_time(1.2)
    assert len(b.pool) == 500
    assert max(len(message.users) for _, message in cluster.sent) == 200
    cluster.pass_time(20.0 + FORGET_AFTER)
    assert len(a.pool) == len(b.pool) == 0
    assert len(a.sharing) == len(b.sharing) == 0
    assert not b.sharing._senders


def test_b15_an_instance_follows_only_so_many_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collab.flow.sharing.MOST_FOLLOWED", 3)
    cluster = cluster_of("ab")
    a, b = cluster.instances["a"], cluster.instances["b"]
    for user in range(10):
        owner = (DocKey("demo", "home"), f"u{user}")
        a.pool.acquire(owner, cluster.now).inbound.spend(1 << 19, cluster.now)
    cluster.pass_time(2.0)
    assert len(a.sharing) == 3
    assert len(b.sharing) <= 4


def test_b15_a_pool_that_another_release_does_not_have_is_ignored() -> None:
    cluster = cluster_of("ab")
    b = cluster.instances["b"]
    other = BudgetSharing({"others": BudgetPool(IN, OUT)}, "c")
    other._pools["others"].acquire("ada", cluster.now).inbound.spend(1 << 20, cluster.now)
    (message,) = other.messages(cluster.now)
    b.sharing.receive("c", message, cluster.now)
    assert len(b.sharing) == 0


def test_b15_a_budget_without_a_limit_is_never_shown() -> None:
    pool = BudgetPool(Allowance(0, 0), Allowance(0, 0))
    sharing = BudgetSharing({"documents": pool}, "a")
    pool.acquire(ADA, 0.0).inbound.spend(1 << 30, 0.0)
    assert sharing.messages(1.0) == []
