"""Mutants that move tasks wrongly."""

from rrq_core.errors import Fenced
from rrq_core.model.status import TaskStatus
from tests.contract.mutants.registry import mutant, nothing
from tests.contract.reference.transitions import Transitions


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
