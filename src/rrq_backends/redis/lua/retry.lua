-- Run ended tasks again under new ids, all or none, each from the leaf of its chain.
-- ARGV: Q, n × (T, new T, queue or '', new body or '', h, h × H)
-- Returns: {'OK', dependents left to release, status of each new task}; or, nothing written: {'NO_TASK', T}, {'NO_VALUE', H},
--   {'NOT_ENDED', T, its leaf, status}, {'LOST', T, a deleted dependency}, {'TWICE', T}, {'AGAIN'}: dependents are left to release, go on with `release`
-- Law: a chain has one leaf; the leaf is MOVED once; a new id that is known is not written again.
-- include: keys clock wake object end_task enqueue release attempt tie statuses
local plans, leaves, at = {}, {}, 2
while at < #ARGV do
  local plan = {id = ARGV[at], new = ARGV[at + 1], queue = ARGV[at + 2], body = ARGV[at + 3], values = {}}
  for place = 1, tonumber(ARGV[at + 4]) do
    plan.values[place] = ARGV[at + 4 + place]
  end
  at = at + 5 + #plan.values
  plan.known = redis.call('HEXISTS', key('task:status'), plan.new) == 1
  if not plan.known then
    plan.leaf = leaf_of(plan.id)
    local status = redis.call('HGET', key('task:status'), plan.leaf)
    if not status then
      return {'NO_TASK', plan.id}
    end
    if LIVE[status] or status == 'IMPOSSIBLE' then
      return {'NOT_ENDED', plan.id, plan.leaf, status}
    end
    for _, parent in ipairs(redis.call('SMEMBERS', task_key(plan.leaf, 'depends:unmet'))) do
      if redis.call('HEXISTS', key('task:status'), parent) == 0 then
        return {'LOST', plan.id, parent}
      end
    end
    for _, hash in ipairs(plan.values) do
      if not has_value(hash) then
        return {'NO_VALUE', hash}
      end
    end
    if leaves[plan.leaf] then
      return {'TWICE', plan.id}
    end
    if redis.call('SISMEMBER', key('task:releasing'), plan.leaf) == 1 then
      return {'AGAIN'}
    end
    leaves[plan.leaf] = true
  end
  plans[#plans + 1] = plan
end

local function copy(name, from, to)
  local value = redis.call('HGET', key(name), from)
  if value then
    redis.call('HSET', key(name), to, value)
  end
end

local function copy_options(from, to, carries)
  local options = options_of(from)
  options.key, options.group, options.delay = nil, nil, nil
  options.carries = options.carries or carries or nil
  if next(options) then
    redis.call('HSET', key('task:options'), to, cjson.encode(options))
  end
end

-- Values, and results of parents, that the call needs.
local function inherit(from, to)
  if not options_of(from).carries then
    return {}
  end
  for _, hash in ipairs(redis.call('SMEMBERS', S .. ':tag_hash:' .. from)) do
    tag_value(to, hash)
  end
  local arguments, pending = redis.call('HGETALL', task_key(from, 'arguments')), {}
  for at = 1, #arguments, 2 do
    redis.call('HSET', task_key(to, 'arguments'), arguments[at], arguments[at + 1])
    if arguments[at + 1] == '' then
      pending[#pending + 1] = arguments[at]
    end
  end
  return pending
end

-- An attempt that ended well at once has no line yet, and its status is about to change.
local function keep_attempt(leaf)
  if redis.call('HGET', key('task:status'), leaf) == 'COMPLETE' and redis.call('HGET', key('task:attempt'), leaf) == '1' then
    note_attempt(leaf, 'COMPLETE', '', redis.call('HGET', key('task:time_complete'), leaf))
  end
end

local function move(leaf, new)
  keep_attempt(leaf)
  redis.call('HSET', key('task:moved_to'), leaf, new)
  redis.call('HSET', key('task:moved_root'), new, redis.call('HGET', key('task:moved_root'), leaf) or leaf)
  redis.call('HSET', key('task:time_moved'), leaf, now)
  redis.call('HSET', key('task:status'), leaf, 'MOVED')
  redis.call('ZREM', key('task:expire'), leaf)
  tell(leaf, 'MOVED')
end

local function start_again(plan)
  local leaf, new = plan.leaf, plan.new
  local root = redis.call('HGET', key('task:moved_root'), leaf) or leaf
  redis.call('HSET', key('task:expr'), new, root)
  if plan.body ~= '' then
    redis.call('HSET', key('task:expr'), root, plan.body)
  end
  for _, hash in ipairs(plan.values) do
    tag_value(new, hash)
  end
  redis.call('HSET', key('task:time_submit'), new, now)
  for _, name in ipairs({'task:queue', 'task:local', 'task:timeout'}) do
    copy(name, leaf, new)
  end
  if plan.queue ~= '' then
    redis.call('HSET', key('task:queue'), new, plan.queue)
    redis.call('SADD', key('queues'), plan.queue)
  end
  copy_options(leaf, new, #plan.values > 0)
  local pending = inherit(leaf, new)
  redis.call('HSET', key('task:status'), new, 'DEFERRED')
  local failed = tie(new, redis.call('SMEMBERS', task_key(leaf, 'depends:unmet')), pending)
  redis.call('SUNIONSTORE', task_key(new, 'depends:up:original'), task_key(leaf, 'depends:up:original'))
  move(leaf, new)
  if failed then
    fail_at_once(new, failed)
  elseif redis.call('EXISTS', task_key(new, 'depends:up')) == 0 then
    enqueue(new, options_of(new).front)
  end
  local waiting = redis.call('EXISTS', task_key(leaf, 'depends:down'), task_key(leaf, 'depends:impossible'))
  return waiting > 0 and release({leaf}, RELEASE_LIMIT) or 0
end

local reply = {'OK', redis.call('SCARD', key('task:releasing'))}
for _, plan in ipairs(plans) do
  if not plan.known then
    reply[2] = start_again(plan)
  end
end
for _, plan in ipairs(plans) do
  reply[#reply + 1] = redis.call('HGET', key('task:status'), plan.new)
end
return reply
