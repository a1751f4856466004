-- Take a portion of tasks in, in order, with the values that they name.
-- ARGV: Q, inbox or '', provisional tag or '', options of all (JSON), m, m × (H, bytes), n, then n times:
--   T, body, own options (JSON) or '', call, k, k × dependency, j, j × those whose results are arguments, h, h × H
-- Returns: {'OK', status of each; {T, status} for one that was known}; or, nothing written:
--   {'NO_TASK', dependency …}, {'NO_VALUE', H …}, {'KEY_TAKEN', key, T}, {'FOREIGN', key}
-- Law: all or nothing; a task, or a key, that is known is not written again.
-- include: keys clock wake object
local shared = cjson.decode(ARGV[4])
local at = 5

local function take(count)
  local first = at
  at = at + count
  return first
end

-- Read the arguments.
local brought, value_count = {}, tonumber(ARGV[take(1)])
local values_at = take(2 * value_count)
for value = 0, value_count - 1 do
  brought[ARGV[values_at + 2 * value]] = ARGV[values_at + 2 * value + 1]
end

local function take_list()
  local list, count = {}, tonumber(ARGV[take(1)])
  local first = take(count)
  for item = 0, count - 1 do
    list[item + 1] = ARGV[first + item]
  end
  return list
end

local tasks, ids = {}, {}
for number = 1, tonumber(ARGV[take(1)]) do
  local first = take(4)
  local own = ARGV[first + 2]
  local task = {id = ARGV[first], body = ARGV[first + 1], options = shared, call = ARGV[first + 3]}
  if own ~= '' then
    task.options = cjson.decode(own)
  end
  task.up, task.arguments, task.values = take_list(), take_list(), take_list()
  tasks[number], ids[number] = task, task.id
end
if #tasks == 0 then
  return {'OK'}
end

-- Check all, before anything is written.
local known = redis.call('HMGET', key('task:status'), unpack(ids))
local submitted, alias, missing_tasks, missing_values, queues, first_key = {}, {}, {}, {}, {}, {}

for number, task in ipairs(tasks) do
  if known[number] or submitted[task.id] then
    task.known = task.id
  elseif task.options.key then
    -- include: key_field
    local field = key_field(task.options)
    local entry = redis.call('HGET', key('task:key'), field) or first_key[field]
    if entry then
      local owner, call = string.match(entry, '^(%S+) (.*)$')
      if call ~= task.call then
        return {'KEY_TAKEN', task.options.key, owner}
      end
      task.known = owner
    else
      first_key[field] = task.id .. ' ' .. task.call
    end
  end
  if not task.known then
    queues[task.options.queue] = true
    for place, parent in ipairs(task.up) do
      task.up[place] = alias[parent] or parent
      if not submitted[parent] and redis.call('HEXISTS', key('task:status'), parent) == 0 then
        missing_tasks[#missing_tasks + 1] = parent
      end
    end
    for _, hash in ipairs(task.values) do
      if not brought[hash] and not has_value(hash) then
        missing_values[#missing_values + 1] = hash
      end
    end
  end
  submitted[task.id] = true
  alias[task.id] = task.known
end
if #missing_tasks > 0 then
  return {'NO_TASK', unpack(missing_tasks, 1, 100)}
end
if #missing_values > 0 then
  return {'NO_VALUE', unpack(missing_values, 1, 100)}
end
local is_new = {}
for name, _ in pairs(queues) do
  if redis.call('SISMEMBER', key('queues'), name) == 0 then
    is_new[#is_new + 1] = name
    for _, needed in ipairs({queue_key(name), wake_key(name)}) do
      if redis.call('EXISTS', needed) == 1 then
        return {'FOREIGN', needed}
      end
    end
  end
end

-- Write: fields that every task has in one command each.
local fields, waiting_by_queue, queue_order = {}, {}, {}

local function gather(name, id, value)
  local list = fields[name]
  if not list then
    list = {}
    fields[name] = list
  end
  list[#list + 1] = id
  list[#list + 1] = value
end

local function flush()
  for name, list in pairs(fields) do
    redis.call('HSET', key(name), unpack(list))
  end
  for _, name in ipairs(queue_order) do
    local list = waiting_by_queue[name]
    if #list.front > 0 then
      redis.call('LPUSH', queue_key(name), unpack(list.front))
    end
    if #list.back > 0 then
      redis.call('RPUSH', queue_key(name), unpack(list.back))
    end
    wake(name, #list.front + #list.back)
  end
  fields, waiting_by_queue, queue_order = {}, {}, {}
end

local STORED_OPTIONS = {'retries', 'on_lost', 'max_attempts', 'result_ttl', 'front', 'key', 'group', 'delay'}

-- Write a task but for its status; whether it waits in its queue, or for something else first, is seen then.
local function write(task)
  local id, options = task.id, task.options
  for _, hash in ipairs(task.values) do
    if brought[hash] then
      store_value(id, hash, brought[hash])
    else
      tag_value(id, hash)
    end
  end
  gather('task:expr', id, task.body)
  gather('task:queue', id, options.queue)
  gather('task:local', id, options['local'] and 'TRUE' or 'FALSE')
  gather('task:time_submit', id, now)
  if options.timeout then
    gather('task:timeout', id, options.timeout)
  end
  -- Two marks save the worker from looking where most tasks have nothing.
  local kept = {separate = not options['local'] or nil, carries = #task.values + #task.arguments > 0 or nil}
  for _, name in ipairs(STORED_OPTIONS) do
    kept[name] = options[name]
  end
  if next(kept) then
    gather('task:options', id, cjson.encode(kept))
  end
  if options.key then
    -- include: key_field
    redis.call('HSET', key('task:key'), key_field(options), id .. ' ' .. task.call)
  end
  local group = options.group
  if group then
    redis.call('SADD', key('groups'), group)
    redis.call('ZADD', group_key(group), tonumber(now) + redis.call('ZCARD', group_key(group)) / 1000000, id)
  end
end

-- A task that waits for its dependencies or its time, or that a dependency has failed already.
local function hold(task)
  -- include: end_task tie
  local id, options = task.id, task.options
  flush()
  local failed = tie(id, task.up, task.arguments)
  if not failed and not options.delay and redis.call('EXISTS', task_key(id, 'depends:up')) == 0 then
    return 'PENDING'
  end
  gather('task:status', id, 'DEFERRED')
  if options.delay and not failed then
    redis.call('ZADD', key('task:due'), after(options.delay), id)
    wake(options.queue, 1)
  end
  if not failed then
    return 'DEFERRED'
  end
  if ARGV[2] ~= '' then
    gather('task:watchers', id, ARGV[2])
  end
  flush()
  fail_at_once(id, failed)
  return 'IMPOSSIBLE'
end

local function join_queue(id, options)
  gather('task:status', id, 'PENDING')
  local list = waiting_by_queue[options.queue]
  if not list then
    list = {back = {}, front = {}}
    waiting_by_queue[options.queue] = list
    queue_order[#queue_order + 1] = options.queue
  end
  local side = options.front and list.front or list.back
  side[#side + 1] = id
end

if #is_new > 0 then
  redis.call('SADD', key('queues'), unpack(is_new))
end
if ARGV[2] ~= '' then
  redis.call('ZADD', key('waiters'), now, ARGV[2])
end

local reply, rest = {'OK'}, {}
for number, task in ipairs(tasks) do
  if task.known then
    rest[#rest + 1] = number
    reply[number + 1] = ''
  else
    write(task)
    local status = (#task.up > 0 or task.options.delay) and hold(task) or 'PENDING'
    if status == 'PENDING' then
      join_queue(task.id, task.options)
    end
    if status ~= 'IMPOSSIBLE' and ARGV[2] ~= '' then
      gather('task:watchers', task.id, ARGV[2])
    end
    if status == 'DEFERRED' then
      flush()
    end
    reply[number + 1] = status
  end
end
flush()

-- Those that were known are watched all the same, or are over.
if #rest > 0 then
  -- include: statuses watching
  for _, number in ipairs(rest) do
    local id = tasks[number].known
    local status = redis.call('HGET', key('task:status'), id)
    reply[number + 1] = {id, status}
    if ARGV[2] ~= '' and LIVE[status] then
      add_watcher(id, redis.call('HGET', key('task:watchers'), id), ARGV[2])
    elseif ARGV[2] ~= '' then
      tell_inbox(ARGV[2], id .. ' ' .. status)
    end
  end
end

if ARGV[3] ~= '' then
  -- include: drop
  drop_tag(ARGV[3], {}, {})
  redis.call('ZREM', S .. ':provisional', ARGV[3])
end
return reply
