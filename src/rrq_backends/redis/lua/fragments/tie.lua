-- include: keys chain argument end_task reason statuses
-- Tie a new task to its dependencies. Returns one that has failed, if any has. One that is not there any more had ended
-- well: else it would have taken this task with it.
local function tie(id, parents, arguments)
  local failed
  for _, parent in ipairs(parents) do
    redis.call('SADD', task_key(id, 'depends:up:original'), parent)
    local leaf = leaf_of(parent)
    local status = redis.call('HGET', key('task:status'), leaf)
    if status and status ~= 'COMPLETE' then
      redis.call('SADD', task_key(id, 'depends:up'), leaf)
      redis.call('SADD', task_key(leaf, FAILED[status] and 'depends:impossible' or 'depends:down'), id)
      failed = failed or (FAILED[status] and leaf)
    end
  end
  for _, parent in ipairs(arguments) do
    redis.call('HSET', task_key(id, 'arguments'), parent, '')
    local leaf = leaf_of(parent)
    if redis.call('HGET', key('task:status'), leaf) == 'COMPLETE' then
      keep_argument(id, leaf)
    end
  end
  return failed
end

-- One that failed before: the task is IMPOSSIBLE from the start.
local function fail_at_once(id, failed)
  give_reason(id, 'dependency', failed)
  end_task(id, 'IMPOSSIBLE')
end
