-- include: keys object chain
-- The result of a parent among the arguments of a task is kept for it, so that it outlives the parent.
local function keep_argument(id, parent)
  local arguments = redis.call('HGETALL', task_key(id, 'arguments'))
  local hash = #arguments > 0 and redis.call('HGET', key('task:result'), parent)
  for at = 1, #arguments, 2 do
    if arguments[at + 1] == '' and hash and leaf_of(arguments[at]) == parent then
      redis.call('HSET', task_key(id, 'arguments'), arguments[at], hash)
      tag_value(id, hash)
    end
  end
end
