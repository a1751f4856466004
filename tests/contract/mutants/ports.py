"""Mutants of the ports: what they check, and what they keep."""

import math

from attrs import evolve

from rrq_core.model.ids import QueueId
from rrq_core.model.status import WorkerStatus
from tests.contract.mutants.registry import mutant, nothing
from tests.contract.reference.queue import ReferenceQueue
from tests.contract.reference.recovery import Recovery
from tests.contract.reference.server import Server, Shelf
from tests.contract.reference.stores import ReferenceObjectStore, ReferenceSettings
from tests.contract.reference.workers import ReferenceHeartbeat, ReferenceMessages, ReferenceWorkers


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
    def answer(self, session, message, body, status=None):
        first = right(self, session, message, body, status)
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


@mutant(ReferenceHeartbeat, "_renew", "test_who_was_followed_under_its_id_beats_no_more")
def who_goes_by_the_id_of_an_active_worker_is_heard(right):
    def _renew(self, beat):
        worker = self.moves.space.workers[beat.session.worker]
        return right(self, evolve(beat, session=evolve(beat.session, token=worker.token or "")))

    return _renew


@mutant(ReferenceHeartbeat, "_renew", "test_a_second_outage_is_judged_anew")
def who_was_late_once_stays_so(right):
    def _renew(self, beat):
        worker = self.moves.space.workers[beat.session.worker]
        late = worker.late
        is_heard = right(self, beat)
        worker.late = late
        return is_heard

    return _renew


@mutant(Recovery, "_lose", "test_a_worker_whose_heart_stopped_is_lost_and_its_task_has_died")
def a_lost_worker_keeps_its_session(right):
    def _lose(self, worker):
        token = worker.token
        right(self, worker)
        worker.token = token

    return _lose


@mutant(ReferenceQueue, "_until_overdue", "test_the_first_lapse_of_who_has_just_registered_is_known")
def nobody_is_told_of_lapses(right):
    return lambda self, worker, now: math.inf


@mutant(ReferenceQueue, "_until_overdue", "test_who_comes_when_it_is_worth_while_finds_who_is_lost_in_time")
def lapses_are_told_of_too_late(right):
    return lambda self, worker, now: right(self, worker, now) + 1.0


@mutant(ReferenceMessages, "answer", "test_an_answer_changes_the_status_of_its_worker_in_the_same_step")
def an_answer_leaves_the_status(right):
    return lambda self, session, message, body, status=None: right(self, session, message, body)


@mutant(ReferenceMessages, "answer", "test_an_answer_that_comes_again_does_not_change_the_status")
def an_answer_to_nothing_changes_the_status(right):
    def answer(self, session, message, body, status=None):
        worker = self.moves.worker_of(session)
        worker.status = worker.status if status is None else status
        return right(self, session, message, body, status)

    return answer


@mutant(ReferenceWorkers, "leave", "test_who_was_succeeded_cannot_leave")
def who_is_said_to_be_lost_need_not_show_a_session(right):
    def leave(self, session, status, reason, idle=False):
        if status is WorkerStatus.LOST:
            session = evolve(session, token=self.moves.space.workers[session.worker].token)
        return right(self, session, status, reason, idle)

    return leave


@mutant(ReferenceWorkers, "forget", "test_who_is_silent_is_forgotten_only_where_that_is_asked_for")
def whoever_is_named_is_forgotten(right):
    def forget(self, workers, even_silent=False):
        known = self.moves.space.workers
        return [name for name in dict.fromkeys(workers) if known.pop(name, None)]

    return forget


@mutant(ReferenceWorkers, "forget", "test_the_task_of_who_is_forgotten_is_settled")
def a_forgotten_worker_takes_its_task_along(right):
    def forget(self, workers, even_silent=False):
        for name in workers:
            self.moves.space.workers[name].task = None
        return right(self, workers, even_silent)

    return forget


@mutant(ReferenceWorkers, "_begin_to_beat", "test_an_old_signal_does_not_hit_a_successor")
def signals_are_kept_for_whoever_comes(right):
    def _begin_to_beat(self, worker):
        signals = dict(self.server.signals)
        key = right(self, worker)
        self.server.signals.update(signals)
        return key

    return _begin_to_beat


@mutant(ReferenceWorkers, "_may_have_work", "test_a_message_wakes_its_worker")
def only_tasks_wake(right):
    return lambda self, session, queues: any(self.moves.space.queues[name] for name in queues)


@mutant(ReferenceWorkers, "_settle", "test_who_takes_over_settles_what_the_lapsed_one_ran")
def who_takes_over_leaves_the_task_running(right):
    return lambda self, worker, status, reason: self.moves.sign_off(worker, status)


@mutant(ReferenceSettings, "put", "test_what_is_there_is_kept_if_absence_is_asked_for")
def absence_is_not_looked_at(right):
    return lambda self, name, value, if_absent=False: right(self, name, value)


@mutant(ReferenceQueue, "_mend", "test_a_retry_with_a_new_body_runs_that")
def a_retry_forgets_its_new_body(right):
    return nothing
