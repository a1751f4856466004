-- include: keys end_task lose finding
-- One worker: whole while it is registered, and holding nothing when it is not.
local ACTIVE = {IDLE = true, BUSY = true, PAUSED = true}

-- A worker is given up with what it runs; what another one runs is none of its.
local function give_up(worker)
  return function()
    local held = redis.call('HGET', key('worker:task'), worker)
    if held and redis.call('HGET', key('task:worker'), held) ~= worker then
      redis.call('HDEL', key('worker:task'), worker)
    end
    settle(worker, 'damaged', 'the registration of ' .. worker .. ' was damaged')
    sign_off(worker, 'LOST')
  end
end

local function check_active(worker, status)
  if not ACTIVE[status] or not redis.call('HGET', key('worker:session'), worker)
    or not redis.call('HGET', key('worker:info'), worker) then
    return broken('worker-is-registered-whole', worker, 'is registered, and lacks a session, a status or its information',
      give_up(worker))
  end
  local held = redis.call('HGET', key('worker:task'), worker)
  if held and (redis.call('HGET', key('task:status'), held) ~= 'RUNNING'
    or redis.call('HGET', key('task:worker'), held) ~= worker) then
    broken('running-under-one-worker', worker, 'has the task ' .. held .. ', which it does not run',
      function() redis.call('HDEL', key('worker:task'), worker) end)
  end
end

local function check_gone(worker, status)
  if status ~= 'EXITED' and status ~= 'LOST' then
    broken('worker-is-registered-whole', worker, 'is not registered and is said to be ' .. (status or 'nothing'),
      give_up(worker))
  end
  for _, name in ipairs({'session', 'task', 'terms', 'late'}) do
    if redis.call('HEXISTS', key('worker:' .. name), worker) == 1 then
      broken('worker-is-registered-whole', worker, 'has gone and is still in worker:' .. name, give_up(worker))
    end
  end
end

local function check_worker(worker)
  local status = redis.call('HGET', key('worker:status'), worker)
  if redis.call('SISMEMBER', key('worker:id'), worker) == 1 then
    check_active(worker, status)
  else
    check_gone(worker, status)
  end
end
