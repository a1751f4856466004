"""Small breakages of the reference backend, each with the test of the kit that has to notice it."""

from collections.abc import Callable

from attrs import frozen

from rrq_core.errors import Fenced
from rrq_core.model.ids import QueueId
from rrq_core.model.status import TaskStatus
from tests.contract.reference.queue import ReferenceQueue
from tests.contract.reference.recovery import Recovery
from tests.contract.reference.server import Server, Shelf
from tests.contract.reference.stores import ReferenceObjectStore, ReferenceSettings
from tests.contract.reference.transitions import Transitions
from tests.contract.reference.workers import ReferenceHeartbeat, ReferenceMessages, ReferenceWorkers


@frozen
class Mutant:
    """A method that is replaced: by what is made of the right one."""

    owner: type
    method: str
    broken: Callable[[Callable[..., object]], Callable[..., object]]
    noticed_by: str


MUTANTS: dict[str, Mutant] = {}


def mutant(owner: type, method: str, noticed_by: str) -> Callable[..., object]:
    """Enter a breakage under the name of its function, which gets the right method and gives a wrong one."""

    def enter(broken: Callable[[Callable[..., object]], Callable[..., object]]) -> object:
        MUTANTS[broken.__name__.replace("_", " ")] = Mutant(owner, method, broken, noticed_by)
        return broken

    return enter


def nothing(*_: object, **__: object) -> None:
    """In place of what should have been done."""


@mutant(Transitions, "worker_of", "test_a_second_registration_fences_the_first")
def a_worker_is_known_by_its_id_alone(right):
    def worker_of(self, session):
        if session.worker not in self.space.workers:
            raise Fenced(session.worker)
        return self.space.workers[session.worker]

    return worker_of


@mutant(Transitions, "holds", "test_a_finish_of_another_attempt_changes_nothing")
def attempts_are_not_compared(right):
    def holds(self, claim):
        worker = self.space.workers.get(claim.session.worker)
        return worker is not None and worker.task == claim.task and worker.token == claim.session.token

    return holds


@mutant(Transitions, "holds", "test_another_session_cannot_tell_anything")
def whoever_names_a_running_task_holds_it(right):
    def holds(self, claim):
        task = self.space.tasks.get(claim.task)
        return task is not None and task.status is TaskStatus.RUNNING

    return holds


@mutant(Transitions, "start", "test_a_held_task_is_handed_out_again")
def a_claim_is_not_written_down(right):
    def start(self, task, worker):
        right(self, task, worker)
        worker.task = None

    return start


@mutant(Transitions, "release", "test_two_dependencies_that_end_together_queue_a_task_once")
def a_task_is_released_twice(right):
    def release(self, child, parent):
        right(self, child, parent)
        if not child.waits_for:
            self.enqueue(child, front=True)

    return release


@mutant(Transitions, "release", "test_a_task_waits_for_all_its_dependencies")
def every_parent_releases(right):
    def release(self, child, parent):
        child.waits_for.discard(parent.id)
        self.enqueue(child, front=True)

    return release


@mutant(Transitions, "end", "test_a_failed_dependency_makes_its_dependents_impossible")
def a_failure_ends_at_its_children(right):
    def end(self, task, status, reason=None):
        children = self.dependents(task.id, TaskStatus.DEFERRED)
        self._end_one(task, status, reason)
        for child in children:
            if status is TaskStatus.COMPLETE:
                self.release(child, task)
            else:
                self._end_one(child, TaskStatus.IMPOSSIBLE, reason)

    return end


@mutant(Transitions, "keep_arguments", "test_the_result_of_a_parent_survives_its_deletion")
def a_result_is_noted_but_not_tagged(right):
    def keep_arguments(self, child, parent):
        right(self, child, parent)
        self.shelf.tags[child.id].discard(parent.result)

    return keep_arguments


@mutant(Transitions, "tell", "test_a_watcher_is_told_of_each_end")
def nobody_is_told(right):
    return nothing


@mutant(Transitions, "has_failed_parent", "test_a_task_of_which_something_else_failed_stays_impossible")
def one_retry_revives_all(right):
    return lambda self, task: False


@mutant(Transitions, "leaf", "test_a_retry_goes_on_from_the_leaf_of_the_chain")
def chains_are_not_followed(right):
    return lambda self, task: self.space.tasks[task]


@mutant(Transitions, "chain", "test_a_chain_is_deleted_as_a_whole")
def a_chain_is_its_member(right):
    return lambda self, task: [self.space.tasks[task]]


@mutant(Transitions, "_forget_names", "test_a_key_lasts_until_its_task_is_deleted")
def a_key_outlives_its_task(right):
    return nothing


@mutant(Transitions, "come_due", "test_a_task_with_a_dependency_and_a_delay_waits_for_both")
def time_opens_both_gates(right):
    def come_due(self, task):
        task.due = None
        self.enqueue(task, front=task.new.front)

    return come_due


@mutant(Transitions, "lose", "test_a_task_is_lost_with_its_workers_so_often_and_no_more")
def losses_are_not_counted(right):
    def lose(self, task, reason):
        task.losses = 0
        return right(self, task, reason)

    return lose


@mutant(Transitions, "unstart", "test_a_task_that_its_worker_never_saw_is_put_back_uncounted")
def an_unseen_claim_counts(right):
    def unstart(self, task):
        right(self, task)
        task.claims += 1

    return unstart


@mutant(Transitions, "withdraw", "test_a_cancelled_task_is_never_handed_out")
def a_cancelled_task_stays_due(right):
    def withdraw(self, task):
        due = task.due
        right(self, task)
        task.due = due

    return withdraw


@mutant(ReferenceQueue, "_finish", "test_a_finish_of_a_deleted_task_is_refused_and_nothing_reappears")
def results_are_stored_before_the_claim_is_looked_at(right):
    def _finish(self, worker, finished):
        self.moves.keep(finished.claim.task, finished.result)
        return right(self, worker, finished)

    return _finish


@mutant(ReferenceQueue, "_finish", "test_an_error_is_tried_as_often_as_was_allowed")
def errors_are_not_counted(right):
    def _finish(self, worker, finished):
        if finished.claim.task in self.moves.space.tasks:
            self.moves.space.tasks[finished.claim.task].errors = 0
        return right(self, worker, finished)

    return _finish


@mutant(ReferenceQueue, "_check_submission", "test_an_unknown_dependency_is_refused")
def a_submission_is_checked_while_it_is_written(right):
    def _check_submission(self, tasks, names, brought):
        self._submit_one(tasks[0], names, brought)
        right(self, tasks, names, brought)

    return _check_submission


@mutant(ReferenceQueue, "_message", "test_a_message_is_handed_out_until_it_is_answered")
def a_message_is_popped_when_it_is_handed_out(right):
    def _message(self, worker):
        found = right(self, worker)
        del worker.messages[:1]
        return found

    return _message


@mutant(ReferenceQueue, "_watch", "test_watching_twice_tells_once")
def watchers_are_counted(right):
    def _watch(self, watcher, tasks):
        for name in tasks:
            self.moves.space.tasks[name].watchers.append(watcher)
        return []

    return _watch


@mutant(ReferenceQueue, "remove", "test_only_what_waits_in_that_queue_is_removed")
def a_task_is_removed_from_wherever_it_waits(right):
    def remove(self, tasks, queue):
        queues = {task: self.moves.space.tasks[task].new.queue for task in tasks if task in self.moves.space.tasks}
        return [right(self, [task], queues.get(task, queue))[0] for task in tasks]

    return remove


@mutant(ReferenceQueue, "delete", "test_a_task_that_is_needed_is_not_deleted")
def deleting_asks_nobody(right):
    return lambda self, tasks, even_running=False, even_needed=False: right(self, tasks, even_running, True)


@mutant(Recovery, "_is_lost", "test_one_look_after_an_outage_loses_nobody")
def one_look_is_enough(right):
    return lambda self, worker: not self.moves.server.is_beating(worker)


@mutant(Recovery, "_expire", "test_a_result_expires_with_its_task")
def nothing_expires(right):
    return lambda self: []


@mutant(Server, "clear", "test_other_queues_are_not_touched")
def a_queue_is_destroyed_by_its_prefix(right):
    def clear(self, queue_id):
        for name in [name for name in self._spaces if name.startswith(queue_id)]:
            right(self, QueueId(name))

    return clear


@mutant(Shelf, "untag", "test_an_object_lives_while_any_tag_points_at_it")
def a_value_goes_with_any_of_its_tags(right):
    def untag(self, tag, now):
        gone = sorted(self.tags.get(tag, ()))
        right(self, tag, now)
        for value in gone:
            self.data.pop(value, None)
        return gone, []

    return untag


@mutant(ReferenceObjectStore, "_unused_name", "test_a_name_is_never_used_twice")
def a_name_is_used_again(right):
    return lambda self, value: value


@mutant(ReferenceObjectStore, "_commit", "test_a_name_that_was_given_up_meanwhile_is_not_committed")
def a_doomed_name_is_committed(right):
    def _commit(self, tag, written):
        self.shelf.doomed.pop(written.name, None)
        return right(self, tag, written)

    return _commit


@mutant(ReferenceObjectStore, "_refuse", "test_nothing_is_stored_for_a_task_that_was_deleted")
def stores_ask_for_no_claim(right):
    return nothing


@mutant(ReferenceMessages, "answer", "test_the_first_answer_counts")
def the_last_answer_counts(right):
    def answer(self, session, message, body):
        first = right(self, session, message, body)
        self.moves.space.workers[session.worker].answers[message] = body
        return first

    return answer


@mutant(ReferenceMessages, "send", "test_a_message_to_a_stranger_reaches_nobody")
def a_message_is_sent_until_somebody_is_unknown(right):
    def send(self, body, workers):
        for worker in workers:
            message = right(self, body, [worker])
        return message

    return send


@mutant(ReferenceHeartbeat, "_renew", "test_only_a_session_that_holds_keeps_its_key_alive")
def whoever_beats_is_heard(right):
    def _renew(self, beat):
        self.server.beats[beat.key] = self.server.now() + beat.expire
        return True

    return _renew


@mutant(ReferenceWorkers, "_may_have_work", "test_a_message_wakes_its_worker")
def only_tasks_wake(right):
    return lambda self, session, queues: any(self.moves.space.queues[name] for name in queues)


@mutant(ReferenceWorkers, "_settle", "test_who_takes_over_settles_what_the_lapsed_one_ran")
def who_takes_over_leaves_the_task_running(right):
    return lambda self, worker, status, reason: self.moves.sign_off(worker, status)


@mutant(ReferenceSettings, "put", "test_what_is_there_is_kept_if_absence_is_asked_for")
def absence_is_not_looked_at(right):
    return lambda self, name, value, if_absent=False: right(self, name, value)
