-- Take a portion of tasks in, in order, with the values that they name.
-- ARGV: Q, inbox or '', provisional tag or '', options of all (JSON), m, m × (H, bytes), n, then n times:
--   T, body, own options (JSON) or '', call, k, k × dependency, j, j × those whose results are arguments, h, h × H
-- Returns: {'OK', status of each; {T, status} for one that was known}; or, nothing written:
--   {'NO_TASK', dependency …}, {'NO_VALUE', H …}, {'KEY_TAKEN', key, T}, {'FOREIGN', key}
-- Law: all or nothing; a task, or a key, that is known is not written again.
-- include: keys clock wake object drop end_task tie watching key_field
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
for name, _ in pairs(queues) do
  if redis.call('SISMEMBER', key('queues'), name) == 0 then
    for _, needed in ipairs({queue_key(name), wake_key(name)}) do
      if redis.call('EXISTS', needed) == 1 then
        return {'FOREIGN', needed}
      end
    end
  end
end

-- Write: fields that every task has in one command each.
local fields = {}
local function gather(name, id, value)
  local list = fields[name]
  if not list then
    list = {}
    fields[name] = list
  end
  list[#list + 1] = id
  list[#list + 1] = value
end

local waiting_by_queue, queue_order = {}, {}
local function join_queue(id, options)
  gather('task:status', id, 'PENDING')
  local name = options.queue
  local list = waiting_by_queue[name]
  if not list then
    list = {back = {}, front = {}}
    waiting_by_queue[name] = list
    queue_order[#queue_order + 1] = name
  end
  local side = options.front and list.front or list.back
  side[#side + 1] = id
end

local function flush()
  for name, list in pairs(fields) do
    redis.call('HSET', key(name), unpack(list))
  end
  for _, name in ipairs(queue_order) do
    local list = waiting_by_queue[name]
    redis.call('SADD', key('queues'), name)
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

local function write_values(task)
  for _, hash in ipairs(task.values) do
    if brought[hash] then
      store_value(task.id, hash, brought[hash])
    else
      tag_value(task.id, hash)
    end
  end
end

local STORED_OPTIONS = {'retries', 'on_lost', 'max_attempts', 'result_ttl', 'front', 'key', 'group', 'delay'}
local function write_options(task)
  local options, kept = task.options, {}
  local any = false
  for _, name in ipairs(STORED_OPTIONS) do
    if options[name] then
      kept[name], any = options[name], true
    end
  end
  if any then
    gather('task:options', task.id, cjson.encode(kept))
  end
  if options.timeout then
    gather('task:timeout', task.id, options.timeout)
  end
end

local function write_key(task)
  if task.options.key then
    redis.call('HSET', key('task:key'), key_field(task.options), task.id .. ' ' .. task.call)
  end
  local group = task.options.group
  if group then
    redis.call('SADD', key('groups'), group)
    redis.call('ZADD', group_key(group), now_number + redis.call('ZCARD', group_key(group)) / 1000000, task.id)
  end
end

local function watch(id)
  if ARGV[2] ~= '' then
    gather('task:watchers', id, ARGV[2])
  end
end

local function hold(task, failed)
  gather('task:status', task.id, 'DEFERRED')
  redis.call('SADD', key('queues'), task.options.queue)
  if task.options.delay and not failed then
    redis.call('ZADD', key('task:due'), after(task.options.delay), task.id)
    wake(task.options.queue, 1)
  end
  watch(task.id)
  flush()
  if failed then
    fail_at_once(task.id, failed)
    return 'IMPOSSIBLE'
  end
  return 'DEFERRED'
end

local function write(task)
  local options = task.options
  write_values(task)
  gather('task:expr', task.id, task.body)
  gather('task:queue', task.id, options.queue)
  gather('task:local', task.id, options['local'] and 'TRUE' or 'FALSE')
  gather('task:time_submit', task.id, now)
  write_options(task)
  write_key(task)
  if #task.up == 0 and not options.delay then
    join_queue(task.id, options)
    watch(task.id)
    return 'PENDING'
  end
  flush()
  local failed = tie(task.id, task.up, task.arguments)
  if not failed and not options.delay and redis.call('EXISTS', task_key(task.id, 'depends:up')) == 0 then
    join_queue(task.id, options)
    watch(task.id)
    return 'PENDING'
  end
  return hold(task, failed)
end

if ARGV[2] ~= '' then
  redis.call('ZADD', key('waiters'), now, ARGV[2])
end

local reply = {'OK'}
local rest = {}
for number, task in ipairs(tasks) do
  if task.known then
    rest[#rest + 1] = number
    reply[number + 1] = ''
  else
    reply[number + 1] = write(task)
  end
end
flush()

-- Those that were known are watched all the same, or are over.
for _, number in ipairs(rest) do
  local id = tasks[number].known
  local status = redis.call('HGET', key('task:status'), id)
  reply[number + 1] = {id, status}
  if ARGV[2] ~= '' and LIVE[status] then
    add_watcher(id, redis.call('HGET', key('task:watchers'), id), ARGV[2])
  elseif ARGV[2] ~= '' then
    redis.pcall('RPUSH', inbox_key(ARGV[2]), id .. ' ' .. status)
    redis.call('EXPIRE', inbox_key(ARGV[2]), INBOX_TTL)
  end
end

if ARGV[3] ~= '' then
  drop_tag(ARGV[3], {}, {})
  redis.call('ZREM', S .. ':provisional', ARGV[3])
end
return reply
