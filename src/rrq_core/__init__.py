"""A task queue on Redis for people who compute. Every public name is here, and is loaded when it is first used.

>>> import rrq_core as rrq
>>> with rrq.connect("docs", "memory://start") as q, rrq.worker_spawn(2):
...     q.submit(pow, 2, 10).result()
1024
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rrq_core.client.cancel import task_cancel
    from rrq_core.client.check import check, destroy
    from rrq_core.client.configure import configure
    from rrq_core.client.controller import Controller, connect, default_controller_clear, default_controller_set
    from rrq_core.client.create import task_create_bulk_call, task_create_call
    from rrq_core.client.create_expr import task_create_bulk_expr, task_create_expr
    from rrq_core.client.data import TaskData, task_data
    from rrq_core.client.deferred import deferred_list
    from rrq_core.client.envir import envir, worker_envir_set
    from rrq_core.client.groups import TaskGroup
    from rrq_core.client.heartbeat import Heartbeat, heartbeat_kill
    from rrq_core.client.info import task_info
    from rrq_core.client.messages import (
        message_get_response,
        message_has_response,
        message_response_ids,
        message_send,
        message_send_and_wait,
    )
    from rrq_core.client.objects import ObjectStore
    from rrq_core.client.queues import queue_length, queue_list, queue_remove, task_position, task_preceding
    from rrq_core.client.results import task_result, task_results
    from rrq_core.client.retry import task_retry
    from rrq_core.client.spawn import worker_spawn
    from rrq_core.client.stopping import worker_stop
    from rrq_core.client.task import Task
    from rrq_core.client.task_error import TaskError, TaskErrorGroup
    from rrq_core.client.task_log import task_log
    from rrq_core.client.task_progress import task_progress
    from rrq_core.client.tasks import task_delete, task_exists, task_list, task_overview, task_status, task_times
    from rrq_core.client.wait import task_wait
    from rrq_core.client.worker import Worker
    from rrq_core.client.worker_configs import (
        worker_config,
        worker_config_list,
        worker_config_read,
        worker_config_save,
    )
    from rrq_core.client.worker_exits import worker_delete_exited, worker_detect_exited
    from rrq_core.client.worker_load import WorkerLoad, worker_load
    from rrq_core.client.worker_logs import worker_log_tail, worker_process_log
    from rrq_core.client.worker_manager import WorkerManager
    from rrq_core.client.worker_script import worker_script
    from rrq_core.client.workers import (
        worker_exists,
        worker_info,
        worker_len,
        worker_list,
        worker_list_exited,
        worker_status,
        worker_task_id,
        worker_wait,
    )
    from rrq_core.errors import (
        BackendDenied,
        BackendError,
        BackendFull,
        BackendUnavailable,
        CancelTimeout,
        Closed,
        ConfigurationTaken,
        EnvironmentBroken,
        ForeignKey,
        GroupNotFound,
        HeartbeatNotFound,
        HeartbeatTimeout,
        InvalidArgument,
        InvalidExpression,
        InvalidName,
        InvalidType,
        KeyTaken,
        LaunchFailed,
        LogMissing,
        MessageError,
        NameNotFound,
        NoDefaultController,
        NotCancellable,
        NotInTask,
        NotRetriable,
        NotSendable,
        ObjectMissing,
        OffloadError,
        PayloadRefused,
        PluginError,
        QueueGone,
        ResultMissing,
        RrqError,
        SchemaMismatch,
        TaskInUse,
        TaskNotFound,
        TaskTimeout,
        UnknownScheme,
        ValueTooLarge,
        WorkerIdTaken,
        WorkerLost,
        WorkerNotFound,
        WorkerTimeout,
    )
    from rrq_core.model.config import WorkerConfig
    from rrq_core.model.queue_configuration import QueueConfiguration
    from rrq_core.model.report import CheckReport
    from rrq_core.model.status import TaskStatus, WorkerStatus
    from rrq_core.model.task import TaskTimes
    from rrq_core.model.task_info import TaskInfo
    from rrq_core.model.worker import LogEntry, WorkerInfo
    from rrq_core.payload.run_options import exponential
    from rrq_core.plugins import hookimpl, hookspec, open_offload
    from rrq_core.ports import Offload
    from rrq_core.worker.inside import attempt, checkpoint, checkpoint_save, seed, task_id
    from rrq_core.worker.progress import task_progress_update

_HOMES = {
    "rrq_core.client.cancel": "task_cancel",
    "rrq_core.client.check": "check destroy",
    "rrq_core.client.configure": "configure",
    "rrq_core.client.controller": "Controller connect default_controller_clear default_controller_set",
    "rrq_core.client.create": "task_create_bulk_call task_create_call",
    "rrq_core.client.create_expr": "task_create_bulk_expr task_create_expr",
    "rrq_core.client.deferred": "deferred_list",
    "rrq_core.client.data": "TaskData task_data",
    "rrq_core.client.envir": "envir worker_envir_set",
    "rrq_core.client.groups": "TaskGroup",
    "rrq_core.client.heartbeat": "Heartbeat heartbeat_kill",
    "rrq_core.client.info": "task_info",
    "rrq_core.client.messages": (
        "message_get_response message_has_response message_response_ids message_send message_send_and_wait"
    ),
    "rrq_core.client.objects": "ObjectStore",
    "rrq_core.client.queues": "queue_length queue_list queue_remove task_position task_preceding",
    "rrq_core.client.results": "task_result task_results",
    "rrq_core.client.retry": "task_retry",
    "rrq_core.client.spawn": "worker_spawn",
    "rrq_core.client.stopping": "worker_stop",
    "rrq_core.client.task": "Task",
    "rrq_core.client.task_error": "TaskError TaskErrorGroup",
    "rrq_core.client.task_log": "task_log",
    "rrq_core.client.task_progress": "task_progress",
    "rrq_core.client.tasks": "task_delete task_exists task_list task_overview task_status task_times",
    "rrq_core.client.wait": "task_wait",
    "rrq_core.client.worker": "Worker",
    "rrq_core.client.worker_configs": "worker_config worker_config_list worker_config_read worker_config_save",
    "rrq_core.client.worker_exits": "worker_delete_exited worker_detect_exited",
    "rrq_core.client.worker_load": "WorkerLoad worker_load",
    "rrq_core.client.worker_logs": "worker_log_tail worker_process_log",
    "rrq_core.client.worker_manager": "WorkerManager",
    "rrq_core.client.worker_script": "worker_script",
    "rrq_core.client.workers": (
        "worker_exists worker_info worker_len worker_list worker_list_exited worker_status worker_task_id worker_wait"
    ),
    "rrq_core.errors": (
        "BackendDenied BackendError BackendFull BackendUnavailable CancelTimeout Closed ConfigurationTaken "
        "EnvironmentBroken ForeignKey GroupNotFound HeartbeatNotFound HeartbeatTimeout InvalidArgument "
        "InvalidExpression InvalidName InvalidType KeyTaken LaunchFailed LogMissing MessageError NameNotFound "
        "NoDefaultController NotCancellable NotInTask NotRetriable NotSendable ObjectMissing OffloadError "
        "PayloadRefused PluginError QueueGone ResultMissing RrqError SchemaMismatch TaskInUse TaskNotFound "
        "TaskTimeout UnknownScheme ValueTooLarge WorkerIdTaken WorkerLost WorkerNotFound WorkerTimeout"
    ),
    "rrq_core.model.config": "WorkerConfig",
    "rrq_core.model.queue_configuration": "QueueConfiguration",
    "rrq_core.model.report": "CheckReport",
    "rrq_core.model.status": "TaskStatus WorkerStatus",
    "rrq_core.model.task": "TaskTimes",
    "rrq_core.model.task_info": "TaskInfo",
    "rrq_core.model.worker": "LogEntry WorkerInfo",
    "rrq_core.payload.run_options": "exponential",
    "rrq_core.plugins": "hookimpl hookspec open_offload",
    "rrq_core.ports": "Offload",
    "rrq_core.worker.inside": "attempt checkpoint checkpoint_save seed task_id",
    "rrq_core.worker.progress": "task_progress_update",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "BackendDenied",
    "BackendError",
    "BackendFull",
    "BackendUnavailable",
    "CancelTimeout",
    "CheckReport",
    "Closed",
    "ConfigurationTaken",
    "Controller",
    "EnvironmentBroken",
    "ForeignKey",
    "GroupNotFound",
    "Heartbeat",
    "HeartbeatNotFound",
    "HeartbeatTimeout",
    "InvalidArgument",
    "InvalidExpression",
    "InvalidName",
    "InvalidType",
    "KeyTaken",
    "LaunchFailed",
    "LogEntry",
    "LogMissing",
    "MessageError",
    "NameNotFound",
    "NoDefaultController",
    "NotCancellable",
    "NotInTask",
    "NotRetriable",
    "NotSendable",
    "ObjectMissing",
    "ObjectStore",
    "Offload",
    "OffloadError",
    "PayloadRefused",
    "PluginError",
    "QueueConfiguration",
    "QueueGone",
    "ResultMissing",
    "RrqError",
    "SchemaMismatch",
    "Task",
    "TaskData",
    "TaskError",
    "TaskErrorGroup",
    "TaskGroup",
    "TaskInUse",
    "TaskInfo",
    "TaskNotFound",
    "TaskStatus",
    "TaskTimeout",
    "TaskTimes",
    "UnknownScheme",
    "ValueTooLarge",
    "Worker",
    "WorkerConfig",
    "WorkerIdTaken",
    "WorkerInfo",
    "WorkerLoad",
    "WorkerLost",
    "WorkerManager",
    "WorkerNotFound",
    "WorkerStatus",
    "WorkerTimeout",
    "attempt",
    "check",
    "checkpoint",
    "checkpoint_save",
    "configure",
    "connect",
    "default_controller_clear",
    "default_controller_set",
    "deferred_list",
    "destroy",
    "envir",
    "exponential",
    "heartbeat_kill",
    "hookimpl",
    "hookspec",
    "message_get_response",
    "message_has_response",
    "message_response_ids",
    "message_send",
    "message_send_and_wait",
    "open_offload",
    "queue_length",
    "queue_list",
    "queue_remove",
    "seed",
    "task_cancel",
    "task_create_bulk_call",
    "task_create_bulk_expr",
    "task_create_call",
    "task_create_expr",
    "task_data",
    "task_delete",
    "task_exists",
    "task_id",
    "task_info",
    "task_list",
    "task_log",
    "task_overview",
    "task_position",
    "task_preceding",
    "task_progress",
    "task_progress_update",
    "task_result",
    "task_results",
    "task_retry",
    "task_status",
    "task_times",
    "task_wait",
    "worker_config",
    "worker_config_list",
    "worker_config_read",
    "worker_config_save",
    "worker_delete_exited",
    "worker_detect_exited",
    "worker_envir_set",
    "worker_exists",
    "worker_info",
    "worker_len",
    "worker_list",
    "worker_list_exited",
    "worker_load",
    "worker_log_tail",
    "worker_process_log",
    "worker_script",
    "worker_spawn",
    "worker_status",
    "worker_stop",
    "worker_task_id",
    "worker_wait",
]


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
