-- include: keys
-- Wake tokens (R1): each lets one sleeper look. They are hints: one too many costs a look, one too few a poll.
local MOST_TOKENS = 1024

local function wake(name, count)
  local tokens = math.min(count, MOST_TOKENS - redis.call('LLEN', wake_key(name)))
  local ones = {}
  for at = 1, tokens do
    ones[at] = '1'
  end
  if tokens > 0 then
    redis.call('RPUSH', wake_key(name), unpack(ones))
  end
end

-- R2: one token for one worker, unless it has one.
local function wake_worker(worker)
  if redis.call('EXISTS', worker_key(worker, 'wake')) == 0 then
    redis.call('RPUSH', worker_key(worker, 'wake'), '1')
  end
end
