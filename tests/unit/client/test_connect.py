"""Connecting: where to, what is refused, and what a controller decides where a call says nothing."""

import os
import warnings
from typing import Any

import pytest

import rrq_core as rrq
from rrq_core.client.environment import url_or_default
from rrq_core.errors import SchemaMismatch
from rrq_core.model.ids import queue_id
from rrq_core.plugins import open_backend


def test_the_url_comes_from_the_argument_then_the_environment_then_it_is_a_private_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert url_or_default(None) == "embedded://"
    monkeypatch.setenv("REDIS_URL", "redis://there")
    assert url_or_default(None) == "redis://there"
    monkeypatch.setenv("RRQ_URL", "memory://here")
    assert url_or_default(None) == "memory://here"
    assert url_or_default("unix:///socket") == "unix:///socket"


@pytest.mark.parametrize("name", ["", "x" * 201, "two\nlines", 7])
def test_a_queue_id_that_is_none_is_refused(name: str, url: str) -> None:
    with pytest.raises(ValueError, match="queue id"):
        rrq.connect(name, url)


def test_an_unknown_scheme_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(rrq.UnknownScheme, match=r"carrier-pigeon.*memory"):
        rrq.connect("lab", "carrier-pigeon://roof")


@pytest.mark.parametrize("url", ["", 6379])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(rrq.InvalidArgument, match="URL"):
        rrq.connect("lab", url)


def test_two_controllers_of_a_queue_see_the_same_tasks(q: rrq.Controller, url: str) -> None:
    task = q.submit(abs, -1)
    with rrq.connect("lab", url) as other:
        assert rrq.task_list(controller=other) == [task.id]
    with rrq.connect("other lab", url) as other:
        assert rrq.task_list(controller=other) == []


def test_a_queue_that_another_version_has_laid_out_is_refused(url: str) -> None:
    open_backend(url, queue_id("old")).settings.connect("something 0.8", b"{}", {})
    with pytest.raises(SchemaMismatch, match=r"something 0\.8"):
        rrq.connect("old", url)
    rrq.connect("old", url, check_version=False).close()


def test_a_closed_controller_says_so(url: str) -> None:
    controller = rrq.connect("lab", url)
    task = controller.submit(abs, -1)
    controller.close()
    controller.close()
    for call in (lambda: controller.submit(abs, -1), task.wait, task.status):
        with pytest.raises(rrq.Closed, match="connect again"):
            call()


def test_a_password_is_not_shown() -> None:
    with rrq.connect("lab", "memory://me:secret@here") as controller:
        assert "secret" not in repr(controller)
        assert "secret" in controller.url


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("timeout_task_wait", -1),
        ("timeout_task_wait", "soon"),
        ("follow", "yes"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(url: str, argument: str, value: object) -> None:
    with pytest.raises(ValueError, match=argument):
        rrq.connect("lab", url, **{argument: value})  # type: ignore[arg-type]  # it is wrong on purpose


@pytest.mark.parametrize(
    ("by_value", "why"),
    [
        (5, r"not 5$"),
        ("json", r"write by_value=\['json'\]"),
        (["json", 3], r"3 is no name"),
        ([""], r"'' is no name"),
        ([os], r"<module 'os'.* is no name: .*__name__"),
        (["no_such_module_here"], r"'no_such_module_here', and there is no such module here: .*sys\.path"),
        (["no_such_package.inside"], r"'no_such_package\.inside'"),
        ([".relative"], r"'\.relative'"),
    ],
)
def test_modules_by_value_that_cannot_be_are_refused_when_connecting(url: str, by_value: Any, why: str) -> None:
    with pytest.raises(rrq.InvalidArgument, match=f"by_value .*{why}"):
        rrq.connect("lab", url, by_value=by_value)


@pytest.mark.parametrize(("name", "value"), [("RRQ_FOLLOW", "maybe"), ("RRQ_TIMEOUT_TASK_WAIT", "-3")])
def test_an_environment_that_cannot_be_is_refused_by_name(
    q: rrq.Controller, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(rrq.InvalidArgument, match=name):
        q.submit(abs, -1).wait(None)


def test_how_long_a_wait_takes_is_decided_by_the_call_then_the_controller_then_the_environment(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RRQ_TIMEOUT_TASK_WAIT", "0.03")
    with rrq.connect("lab", url) as plain, rrq.connect("lab", url, timeout_task_wait=0.02) as patient:
        for controller, timeout, limit in ((plain, None, 0.03), (patient, None, 0.02), (patient, 0.01, 0.01)):
            with pytest.raises(rrq.TaskTimeout, match=f"{limit} s"):
                controller.submit(abs, -1).wait(timeout)


def test_a_fork_cannot_use_a_queue_in_memory(q: rrq.Controller) -> None:
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # this process has threads, and forks
        child = os.fork()
    if child == 0:
        try:
            q.submit(abs, -1)
        except rrq.Closed as error:
            os._exit(7 if "memory" in str(error) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert rrq.task_list() == []


def test_a_controller_in_a_function_that_is_sent_is_named_with_what_to_do(q: rrq.Controller) -> None:
    for holder in (q, q.options(retries=2)):
        with pytest.raises(rrq.NotSendable, match=r"Controller \(default 0 of <lambda>.*connect to its"):
            q.submit(lambda holder=holder: holder)
        with pytest.raises(rrq.NotSendable, match=r"argument 1 of abs cannot be sent: .*Controller.*connect to its"):
            q.submit(abs, holder)
    assert rrq.task_list() == []
