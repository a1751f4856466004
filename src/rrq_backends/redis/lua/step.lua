-- Record a finish and hand out what is next, in one go: the one script of a busy worker.
-- ARGV: Q, W, session, idle status or '' (take nothing), log cap,
--   finished T or '', attempt, status, H or '', bytes or '', retry delay or '', a line on the error, log tail or '',
--   wanted T or '', queues in order of priority …
-- Returns: {'FENCED'}, or {kind, what became of the finish, dependents left to release, …}:
--   NONE: seconds until a task is due or a heartbeat may lapse, or ''
--   MESSAGE: id, body
--   TASK: T, attempt, root, body, queue, local, timeout, checkpoint or '', {T, H …} of results among the arguments,
--     {H, bytes …} of stored values, at most 64 KiB of them
-- Law: a finish counts only under its session, attempt and RUNNING; what the worker holds is handed out again; nothing
--   is popped that is not written down in the same script.
-- include: keys clock wake rearm object end_task enqueue release attempt worker_log
local TRAVEL = 65536
local MOST_DUE = 100

local W, session, idle_status, cap = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local wanted = ARGV[14]
local FIRST_QUEUE = 15

if redis.call('HGET', key('worker:session'), W) ~= session then
  return {'FENCED'}
end

local lines = {}
local function log_line(command, message)
  lines[#lines + 1] = now .. ' ' .. command .. ' ' .. message
end

local held = redis.call('HGET', key('worker:task'), W)
local function holds(id, attempt)
  return held == id
    and redis.call('HGET', key('task:attempt'), id) == attempt
    and redis.call('HGET', key('task:status'), id) == 'RUNNING'
end

-- Was this very finish recorded before? Then the task went on from this worker's attempt.
local function recorded(id, attempt)
  if redis.call('HGET', key('task:attempt'), id) == attempt then
    return redis.call('HGET', key('task:worker'), id) == W and redis.call('HGET', key('task:status'), id) ~= 'RUNNING'
  end
  local line = redis.call('LINDEX', task_key(id, 'attempts'), tonumber(attempt) - 1)
  return line and cjson.decode(line).worker == W
end

local function retries_left(id)
  return redis.call('HINCRBY', key('task:errors'), id, 1) <= (options_of(id).retries or 0)
end

local function put_back(id, delay)
  if tonumber(delay) > 0 then
    redis.call('HSET', key('task:status'), id, 'DEFERRED')
    redis.call('ZADD', key('task:due'), after(delay), id)
    wake(redis.call('HGET', key('task:queue'), id), 1)
  else
    enqueue(id, options_of(id).front)
  end
end

local left = 0
local function finish(id, attempt, status, hash, bytes, delay, note, tail)
  if not holds(id, attempt) then
    left = redis.call('SCARD', key('task:releasing'))
    return recorded(id, attempt) and 'ALREADY' or 'REFUSED'
  end
  if tail ~= '' then
    redis.call('HSET', key('task:log'), id, tail)
  end
  if status == 'ERROR' and delay ~= '' and retries_left(id) then
    note_attempt(id, status, note)
    put_back(id, delay)
    redis.call('HDEL', key('task:cancel'), id)
    log_line('TASK_RETRY', id)
    return 'RETRY'
  end
  if hash ~= '' then
    redis.call('HSET', key('task:result'), id, hash)
    if bytes ~= '' then
      store_value(id, hash, bytes)
    elseif has_value(hash) then
      tag_value(id, hash)
    end
  end
  if status ~= 'COMPLETE' or attempt ~= '1' then
    note_attempt(id, status, note)
  end
  left = end_and_release(id, status)
  log_line('TASK_' .. status, id)
  return 'OK'
end

local outcome = ''
if ARGV[6] ~= '' then
  outcome = finish(unpack(ARGV, 6, 13))
  if outcome == 'OK' or outcome == 'RETRY' then
    held = false
  end
end

-- Hand out: what is held, then a message, then a task.
redis.call('DEL', worker_key(W, 'wake'))

-- The status first: a full server refuses it, and nothing was popped.
local function start(id, name)
  redis.call('HSET', key('task:status'), id, 'RUNNING')
  redis.call('HSET', key('task:worker'), id, W)
  redis.call('HSET', key('task:time_start'), id, now)
  redis.call('HSET', key('worker:task'), W, id)
  if outcome ~= 'OK' and outcome ~= 'RETRY' then
    redis.call('HSET', key('worker:status'), W, 'BUSY')
  end
  log_line('TASK_START', id)
  return {id = id, queue = name, attempt = redis.call('HINCRBY', key('task:attempt'), id, 1)}
end

local function take_wanted()
  if redis.call('HGET', key('task:status'), wanted) ~= 'PENDING' then
    return nil
  end
  local name = redis.call('HGET', key('task:queue'), wanted)
  local taken = start(wanted, name)
  redis.call('LREM', queue_key(name), 1, wanted)
  return taken
end

local function take_next()
  if #ARGV >= FIRST_QUEUE then
    open_due(MOST_DUE)
  end
  for at = FIRST_QUEUE, #ARGV do
    local id = redis.call('LINDEX', queue_key(ARGV[at]), 0)
    if id then
      local taken = start(id, ARGV[at])
      redis.call('LPOP', queue_key(ARGV[at]))
      return taken
    end
  end
end

local function rearm_all()
  for at = FIRST_QUEUE, #ARGV do
    rearm(ARGV[at])
  end
end

local function values_of(id)
  local travelling, room = {}, TRAVEL
  for _, hash in ipairs(redis.call('SMEMBERS', S .. ':tag_hash:' .. id)) do
    local size = redis.call('HSTRLEN', S .. ':data', hash)
    if size > 0 and size <= room then
      room = room - size
      travelling[#travelling + 1] = hash
      travelling[#travelling + 1] = redis.call('HGET', S .. ':data', hash)
    end
  end
  return travelling
end

-- The call of a retried task is its root's; only a first attempt of a root cannot have a checkpoint.
local ID_LENGTH = 32
local function hand_out(taken)
  local id, root = taken.id, taken.id
  local body = redis.call('HGET', key('task:expr'), id)
  if #body == ID_LENGTH then
    root, body = body, redis.call('HGET', key('task:expr'), body)
  end
  local is_first = root == id and tonumber(taken.attempt) == 1
  local runs_here = redis.call('HGET', key('task:local'), id)
  return {
    'TASK', outcome, left, id, taken.attempt, root, body, taken.queue, runs_here,
    runs_here == 'FALSE' and redis.call('HGET', key('task:timeout'), id) or '',
    not is_first and redis.call('HGET', key('task:checkpoint'), root) or '',
    redis.call('HGETALL', task_key(id, 'arguments')), values_of(id),
  }
end

local function held_again(id)
  return {id = id, queue = redis.call('HGET', key('task:queue'), id), attempt = redis.call('HGET', key('task:attempt'), id)}
end

-- Seconds until the next task is due or the next heartbeat may lapse, whichever is first.
local function look_again()
  local due = redis.call('ZRANGE', key('task:due'), 0, 0, 'WITHSCORES')[2]
  local lapse = string.match(redis.call('GET', key('recover')) or '', ' (%S+)$')
  local first = math.min(tonumber(due) or math.huge, tonumber(lapse) or math.huge)
  if first == math.huge then
    return ''
  end
  return string.format('%.6f', math.max(0, first - now_number))
end

local function next_thing()
  if held then
    return hand_out(held_again(held))
  end
  local message = redis.call('LINDEX', worker_key(W, 'message'), 0)
  if message then
    local id, body = string.match(message, '^(%S+) (.*)$')
    redis.call('HDEL', key('worker:task'), W)
    return {'MESSAGE', outcome, left, id, body}
  end
  local taken
  if wanted ~= '' then
    taken = take_wanted()
  else
    taken = take_next()
  end
  if taken then
    return hand_out(taken)
  end
  redis.call('HDEL', key('worker:task'), W)
  redis.call('HSET', key('worker:status'), W, idle_status)
  return {'NONE', outcome, left, look_again()}
end

local reply
if idle_status == '' then
  redis.call('HSET', key('worker:status'), W, held and 'BUSY' or 'IDLE')
  if not held then
    redis.call('HDEL', key('worker:task'), W)
  end
  reply = {'NONE', outcome, left, ''}
else
  reply = next_thing()
  rearm_all()
end
write_log(W, cap, lines)
return reply
