-- Set right what time has brought: lost workers, due tasks, expired ones, forgotten values, lost wake-ups.
-- ARGV: Q, limit, now 0/1
-- Returns: {'GONE'} of a queue that is not there; {'EARLY'}; or {'OK', {lost W, its T or '' …}, requeued, died, due, expired, offload names to delete,
--   collect is due 0/1, dependents left to release}
-- Law: a worker is LOST when its key is gone and it was seen to be late for a period; nobody else requeues its task. Of a
--   queue that was destroyed nothing is written anew.
-- include: keys clock presence wake rearm object drop end_task enqueue release attempt lose lapse erase statuses
local DAY = 86400
local HOUR = 3600
local SILENCE = 600
local limit = tonumber(ARGV[2])

if not is_there() then
  return {'GONE'}
end
local last = last_and_next()
if ARGV[3] == '0' and now_number - last < BETWEEN and now_number >= last then
  return {'EARLY'}
end

local lost, requeued, died, expired, gone, names = {}, {}, {}, {}, {}, {}
local next_look = math.huge
local since_last = math.max(0, now_number - last)
local late = {}

local function look_again(moment)
  next_look = math.min(next_look, moment)
end

local function lose(worker)
  local id, became = settle(worker, 'lost', worker .. ': its heartbeat has lapsed')
  local list = became == 'REQUEUED' and requeued or died
  if became ~= '' then
    list[#list + 1] = id
  end
  sign_off(worker, 'LOST')
  redis.call('RPUSH', worker_key(worker, 'log'), now .. ' LOST its heartbeat has lapsed')
  lost[#lost + 1] = worker
  lost[#lost + 1] = id
end

-- For how long a worker was seen to be late. While nobody looks, nobody may have reached the server, the worker's beater
-- neither; that is back within a quarter of a period after an outage. So what was seen before does not count to a quarter
-- with what is seen after, and the outage itself counts as one: even three in a row lose nobody who lives.
local function seen_late(worker, longest)
  local seen = 0
  if late[worker] then
    seen = tonumber(late[worker])
    seen = since_last <= longest and seen + since_last or seen - seen % longest + longest
  end
  redis.call('HSET', key('worker:late'), worker, string.format('%.6f', seen))
  return seen
end

local function look_after(worker, terms)
  local period, expire = string.match(terms, '^(%S+) (%S+)$')
  period, expire = tonumber(period), tonumber(expire)
  local remaining = redis.call('PTTL', worker_key(worker, 'heartbeat')) / 1000
  local silent = expire - remaining
  if remaining >= 0 and silent <= LATE * period then
    if late[worker] then
      redis.call('HDEL', key('worker:late'), worker)
    end
    return look_again(now_number - silent + late_after(period))
  end
  local longest = math.max(period / 4, 1.2 * BETWEEN)
  local seen = seen_late(worker, longest)
  if remaining < 0 and seen >= period and #lost < 2 * limit then
    return lose(worker)
  end
  local needed = seen < period and math.min(period - seen, 0.8 * longest) or remaining
  look_again(now_number + needed + MARGIN)
end

local late_ones = redis.call('HGETALL', key('worker:late'))
for at = 1, #late_ones, 2 do
  late[late_ones[at]] = late_ones[at + 1]
end
local terms = redis.call('HGETALL', key('worker:terms'))
for at = 1, #terms, 2 do
  if redis.call('SISMEMBER', key('worker:id'), terms[at]) == 1 then
    look_after(terms[at], terms[at + 1])
  end
end
note_recovery(now_number, next_look)

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
