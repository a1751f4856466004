"""Actors that are stopped before each of their steps, and a scheduler that goes through all orders of the steps.

An actor is a function in a thread; each of its calls to a raced port is a step. One moves at a time. An order that
leads to a state that was seen, with the same told to every actor, is not followed any further: what comes after it was.
"""

import threading
from collections.abc import Callable, Hashable, Iterator, Sequence

from attrs import define, field, frozen

Play = Callable[[], "Race"]
PATIENCE = 10.0
MOST_STEPS = 30


class Raced:
    """A port whose calls are steps of whoever makes them."""

    def __init__(self, port: object) -> None:
        self._port = port

    def __getattr__(self, name: str) -> object:
        method = getattr(self._port, name)

        def step(*arguments: object, **keywords: object) -> object:
            actor = Actor.current()
            actor.stop()
            try:
                answer = method(*arguments, **keywords)
            except Exception as error:
                actor.told.append((name, type(error)))
                raise
            if isinstance(answer, Iterator):
                answer = [*answer]
            actor.told.append((name, str(answer)))
            return answer

        return step


class Actor:
    """One who moves step by step. What it was told so far is all that its next steps depend on."""

    _local = threading.local()

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self.told: list[Hashable] = []
        self.error: BaseException | None = None
        self.is_over = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    @classmethod
    def current(cls) -> "Actor":
        actor: Actor = cls._local.actor
        return actor

    def _run(self) -> None:
        self._local.actor = self
        try:
            self._act()
        except BaseException as error:
            self.error = error
        self.is_over = True
        self._stopped.release()

    def begin(self) -> None:
        """Come to the first step."""
        self._thread.start()
        self._wait()

    def stop(self) -> None:
        """Wait, before a step, until it may be made."""
        assert len(self.told) < MOST_STEPS, "an actor comes to no end"
        self._stopped.release()
        self._go.acquire()

    def move(self) -> None:
        """Make one step, and come to the next or to the end."""
        self._go.release()
        self._wait()

    def _wait(self) -> None:
        if not self._stopped.acquire(timeout=PATIENCE):
            raise AssertionError("an actor does not come to its next step")


@frozen(kw_only=True)
class Race:
    """Actors, what can be seen of the world, and what holds of it at every moment, and when all is over."""

    actors: Sequence[Actor]
    see: Callable[[], Hashable]
    check: Callable[[], None]
    check_at_the_end: Callable[[], None]

    def state(self) -> Hashable:
        """What the rest depends on."""
        return self.see(), tuple(tuple(actor.told) for actor in self.actors)

    def all_checks(self) -> None:
        """What holds at every moment, and that no actor has failed."""
        self.check()
        for actor in self.actors:
            assert actor.error is None, f"an actor failed: {actor.error!r}"

    def able(self) -> list[int]:
        """Those who have a step before them."""
        return [number for number, actor in enumerate(self.actors) if not actor.is_over]

    def run_out(self) -> None:
        """Let all go to their ends."""
        while able := self.able():
            self.actors[able[0]].move()


@define
class Findings:
    """What was gone through."""

    states: set[Hashable] = field(factory=set)
    ends: int = 0


def all_orders(play: Play, most_states: int = 100_000) -> Findings:
    """Go through all orders of steps; whatever a check raises says after which order.

    Args:
        play: Sets up a new race.
        most_states: States beyond which this is not worth while.
    """
    findings = Findings()
    waiting: list[tuple[int, ...]] = [()]
    while waiting:
        order = waiting.pop()
        waiting.extend(_follow(play(), order, findings))
        assert len(findings.states) < most_states, "there are too many states: make the actors smaller"
    return findings


def _follow(race: Race, order: tuple[int, ...], findings: Findings) -> Iterator[tuple[int, ...]]:
    """Go one order, and on from there, always with the first who can; give the orders that turn off."""
    for actor in race.actors:
        actor.begin()
    try:
        for number in order:
            race.actors[number].move()
        while True:
            _checked(race.all_checks, order)
            state, able = race.state(), race.able()
            if state in findings.states:
                return
            findings.states.add(state)
            if not able:
                break
            yield from ((*order, number) for number in able[1:])
            race.actors[able[0]].move()
            order = (*order, able[0])
        findings.ends += 1
        _checked(race.check_at_the_end, order)
    finally:
        race.run_out()


def _checked(check: Callable[[], None], order: tuple[int, ...]) -> None:
    try:
        check()
    except AssertionError as broken:
        raise AssertionError(f"after the order {order}: {broken}") from broken
