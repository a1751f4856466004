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
-- Each function costs a little at every run, also one that is not called: so what every task needs stands in line, and
-- what few need is included where it is needed.
-- include: keys clock object end_task worker_log rearm
local ID_LENGTH = 32
local MOST_DUE = 100
local MOST_TOLD = 512
local FIRST_QUEUE = 15

local W, session, idle_status, cap = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local wanted = ARGV[14]

if redis.call('HGET', key('worker:session'), W) ~= session then
  return {'FENCED'}
end

local lines = {}
local held = redis.call('HGET', key('worker:task'), W)
local outcome, left = '', 0

if ARGV[6] ~= '' then
  local id, attempt, status, hash, bytes, delay, note, tail = unpack(ARGV, 6, 13)
  local holds = held == id
    and redis.call('HGET', key('task:attempt'), id) == attempt
    and redis.call('HGET', key('task:status'), id) == 'RUNNING'
  if not holds then
    -- Was this very finish recorded before? Then the task went on from this worker's attempt.
    left = redis.call('SCARD', key('task:releasing'))
    outcome = 'REFUSED'
    if redis.call('HGET', key('task:attempt'), id) == attempt then
      if redis.call('HGET', key('task:worker'), id) == W and redis.call('HGET', key('task:status'), id) ~= 'RUNNING' then
        outcome = 'ALREADY'
      end
    else
      local line = redis.call('LINDEX', task_key(id, 'attempts'), tonumber(attempt) - 1)
      if line and cjson.decode(line).worker == W then
        outcome = 'ALREADY'
      end
    end
  else
    held = false
    local retries = status == 'ERROR' and delay ~= '' and redis.call('HINCRBY', key('task:errors'), id, 1) <= (options_of(id).retries or 0)
      and redis.call('HEXISTS', key('task:cancel'), id) == 0
    if tail ~= '' then
      redis.call('HSET', key('task:log'), id, tail)
    end
    if status ~= 'COMPLETE' or attempt ~= '1' then
      -- include: attempt
      note_attempt(id, status, note)
    end
    if retries then
      -- include: enqueue
      outcome = 'RETRY'
      if tonumber(delay) > 0 then
        redis.call('HSET', key('task:status'), id, 'DEFERRED')
        redis.call('ZADD', key('task:due'), after(delay), id)
        wake(redis.call('HGET', key('task:queue'), id), 1)
      else
        enqueue(id, options_of(id).front)
      end
      lines[1] = now .. ' TASK_RETRY ' .. id
    else
      outcome = 'OK'
      local news = status
      if hash ~= '' then
        redis.call('HSET', key('task:result'), id, hash)
        if bytes ~= '' then
          store_value(id, hash, bytes)
          if status == 'COMPLETE' and #bytes <= MOST_TOLD then
            news = status .. ' ' .. bytes
          end
        elseif has_value(hash) then
          tag_value(id, hash)
        end
      end
      end_task(id, status, news)
      if redis.call('EXISTS', task_key(id, 'depends:down')) == 1 then
        if status == 'COMPLETE' then
          -- include: let_through
          local dependents = redis.call('SPOP', task_key(id, 'depends:down'), RELEASE_LIMIT)
          let_through(dependents, id)
          if #dependents == RELEASE_LIMIT and redis.call('EXISTS', task_key(id, 'depends:down')) == 1 then
            redis.call('SADD', key('task:releasing'), id)
            left = 1
          end
        else
          -- include: release
          left = release({id}, RELEASE_LIMIT)
        end
      end
      lines[1] = now .. ' TASK_' .. status .. ' ' .. id
    end
  end
end

if idle_status == '' then
  redis.call('HSET', key('worker:status'), W, held and 'BUSY' or 'IDLE')
  if not held then
    redis.call('HDEL', key('worker:task'), W)
  end
  write_log(W, cap, lines)
  return {'NONE', outcome, left, ''}
end

-- Hand out: what is held, then a message, then a task. A server that is full refuses no write that follows on a pop.
local id, queue, attempt, reply, has_slept = held, nil, nil, nil, false
if id then
  queue, attempt = redis.call('HGET', key('task:queue'), id), redis.call('HGET', key('task:attempt'), id)
else
  local message = redis.call('LINDEX', worker_key(W, 'message'), 0)
  while message and not string.find(message, '^%d+%.%d+ ') do  -- another program's: without an id nobody can be answered
    redis.call('LPOP', worker_key(W, 'message'))
    lines[#lines + 1] = now .. ' MESSAGE UNREADABLE'
    message = redis.call('LINDEX', worker_key(W, 'message'), 0)
  end
  if message then
    local message_id, body = string.match(message, '^(%S+) (.*)$')
    reply = {'MESSAGE', outcome, left, message_id, body}
  elseif wanted ~= '' then
    if redis.call('HGET', key('task:status'), wanted) == 'PENDING' then
      id, queue = wanted, redis.call('HGET', key('task:queue'), wanted)
      redis.call('LREM', queue_key(queue), 1, id)
    end
  elseif ARGV[FIRST_QUEUE] then
    if #redis.call('ZRANGEBYSCORE', key('task:due'), '-inf', now, 'LIMIT', 0, 1) > 0 then
      -- include: enqueue
      open_due(MOST_DUE)
    end
    for at = FIRST_QUEUE, #ARGV do
      queue = ARGV[at]
      id = redis.call('LPOP', queue_key(queue))
      if id then
        break
      end
    end
  end
  if id then
    redis.call('HSET', key('task:status'), id, 'RUNNING')
    redis.call('HSET', key('task:worker'), id, W)
    redis.call('HSET', key('task:time_start'), id, now)
    redis.call('HSET', key('worker:task'), W, id)
    if outcome ~= 'OK' and outcome ~= 'RETRY' then
      redis.call('HSET', key('worker:status'), W, 'BUSY')
      has_slept = true
    end
    attempt = redis.call('HINCRBY', key('task:attempt'), id, 1)
    lines[#lines + 1] = now .. ' TASK_START ' .. id
  else
    redis.call('HDEL', key('worker:task'), W)
  end
end

if id then
  -- The call of a retried task is its root's; only a first attempt of a root cannot have a checkpoint.
  local root, body = id, redis.call('HGET', key('task:expr'), id) or ''
  if #body == ID_LENGTH then
    root, body = body, redis.call('HGET', key('task:expr'), body) or ''
  end
  local options = options_of(id)
  local timeout, checkpoint, arguments, travelling = '', '', {}, {}
  if options.separate then
    timeout = redis.call('HGET', key('task:timeout'), id) or ''
  end
  if root ~= id or tonumber(attempt) > 1 then
    checkpoint = redis.call('HGET', key('task:checkpoint'), root) or ''
  end
  if options.carries then
    -- include: travel
    arguments = redis.call('HGETALL', task_key(id, 'arguments'))
    travelling = values_of(id)
  end
  reply = {
    'TASK', outcome, left, id, attempt, root, body, queue, options.separate and 'FALSE' or 'TRUE', timeout,
    checkpoint, arguments, travelling,
  }
elseif not reply then
  -- Seconds until the next task is due or the next heartbeat may lapse, whichever is first.
  redis.call('DEL', worker_key(W, 'wake'))
  redis.call('HSET', key('worker:status'), W, idle_status)
  local due = redis.call('ZRANGE', key('task:due'), 0, 0, 'WITHSCORES')[2]
  local lapse = string.match(redis.call('GET', key('recover')) or '', ' (%S+)$')
  local first = math.min(tonumber(due) or math.huge, tonumber(lapse) or math.huge)
  reply = {'NONE', outcome, left, first < math.huge and string.format('%.6f', math.max(0, first - tonumber(now))) or ''}
end

-- R3, for every queue. Whoever found nothing has seen that they are empty.
local saw_all_empty = reply[1] == 'NONE' and wanted == ''
for at = FIRST_QUEUE, #ARGV do
  if saw_all_empty then
    redis.call('DEL', wake_key(ARGV[at]))
  else
    rearm(ARGV[at])
  end
end
-- Who would have looked when the next task is due is busy now: somebody else is to hear of it.
local next_due = has_slept and redis.call('ZRANGE', key('task:due'), 0, 0)[1]
if next_due then
  local name = redis.call('HGET', key('task:queue'), next_due)
  if name and redis.call('EXISTS', wake_key(name)) == 0 then
    redis.call('RPUSH', wake_key(name), '1')
  end
end
write_log(W, cap, lines)
return reply
