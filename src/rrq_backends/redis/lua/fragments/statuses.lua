-- Which statuses say that a task has failed, and which that it is not over.
local FAILED = {ERROR = true, CANCELLED = true, DIED = true, TIMEOUT = true, IMPOSSIBLE = true}
local LIVE = {PENDING = true, RUNNING = true, DEFERRED = true}
