-- Set right what time has brought: lost workers, due tasks, expired ones, forgotten values, lost wake-ups.
-- ARGV: Q, limit, now 0/1
-- Returns: {'EARLY'}; or {'OK', {lost W, its T or '' …}, requeued, died, due, expired, offload names to delete,
--   collect is due 0/1, dependents left to release}
-- Law: a worker is LOST when its key is gone and it was seen late half a period ago; nobody else requeues its task.
-- include: keys clock wake rearm object drop end_task enqueue release attempt lose erase statuses
local BETWEEN = 0.5
local DAY = 86400
local HOUR = 3600
local SILENCE = 600
local limit = tonumber(ARGV[2])

local last = tonumber(string.match(redis.call('GET', key('recover')) or '', '^(%S+)')) or 0
if ARGV[3] == '0' and now_number - last < BETWEEN and now_number >= last then
  return {'EARLY'}
end
redis.call('SET', key('recover'), now .. ' ')

local lost, requeued, died, expired, gone, names = {}, {}, {}, {}, {}, {}
local next_lapse = math.huge

local function note_lapse(moment)
  next_lapse = math.min(next_lapse, moment)
end

local function lose(worker)
  local id, became = settle(worker, 'lost', worker)
  local list = became == 'REQUEUED' and requeued or died
  if became ~= '' then
    list[#list + 1] = id
  end
  sign_off(worker, 'LOST')
  redis.call('RPUSH', worker_key(worker, 'log'), now .. ' LOST ')
  lost[#lost + 1] = worker
  lost[#lost + 1] = id
end

local function look_after(worker, terms)
  local period, expire, beating = string.match(terms, '^(%S+) (%S+) (.*)$')
  period, expire = tonumber(period), tonumber(expire)
  local remaining = redis.call('PTTL', beating) / 1000
  if remaining >= 0 and expire - remaining <= 1.5 * period then
    redis.call('HDEL', key('worker:late'), worker)
    return note_lapse(now_number + remaining)
  end
  local since = tonumber(redis.call('HGET', key('worker:late'), worker))
  if not since then
    since = now_number
    redis.call('HSET', key('worker:late'), worker, now)
  end
  if remaining < 0 and now_number - since >= period / 2 and #lost < 2 * limit then
    return lose(worker)
  end
  note_lapse(math.max(since + period / 2, now_number + math.max(remaining, 0)))
end

local beating = redis.call('HGETALL', key('worker:heartbeat'))
for at = 1, #beating, 2 do
  if redis.call('SISMEMBER', key('worker:id'), beating[at]) == 1 then
    look_after(beating[at], beating[at + 1])
  end
end
redis.call('SET', key('recover'), now .. ' ' .. (next_lapse < math.huge and string.format('%.6f', next_lapse) or ''))

local due = open_due(limit)

-- A task whose time is over goes with its chain, unless a DEFERRED one still wants it.
local function is_wanted(chain)
  for _, id in ipairs(chain) do
    local status = redis.call('HGET', key('task:status'), id)
    if LIVE[status] or redis.call('EXISTS', task_key(id, 'depends:down')) == 1
      or redis.call('SISMEMBER', key('task:releasing'), id) == 1 then
      return true
    end
  end
  return false
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', key('task:expire'), '-inf', now, 'LIMIT', 0, limit)) do
  local chain = chain_of(id)
  if #chain == 0 then
    redis.call('ZREM', key('task:expire'), id)
  elseif not is_wanted(chain) then
    erase(chain, gone, names)
    expired[#expired + 1] = id
  end
end

for _, tag in ipairs(redis.call('ZRANGEBYSCORE', S .. ':provisional', '-inf', after(-DAY), 'LIMIT', 0, limit)) do
  drop_tag(tag, gone, names)
  redis.call('ZREM', S .. ':provisional', tag)
end
redis.call('ZREMRANGEBYSCORE', key('waiters'), '-inf', after(-SILENCE))

for _, name in ipairs(redis.call('SMEMBERS', key('queues'))) do
  rearm(name)
end

local releasing = redis.call('SRANDMEMBER', key('task:releasing'))
local left = releasing and release({releasing}, RELEASE_LIMIT) or 0
local collected = tonumber(redis.call('GET', S .. ':collected') or '0')
local stores_elsewhere = redis.call('EXISTS', S .. ':name', S .. ':doomed') > 0
local collect_due = stores_elsewhere and now_number - collected > HOUR
return {'OK', lost, requeued, died, due, expired, names, collect_due and 1 or 0, left}
